import { type Endpoint, keyed } from "../http/endpoint.ts";
import { listQuery, readPage, readQuery, readRow } from "../data/lists.ts";
import { ById } from "../contract/values.ts";
import { mailRequest, newTokens, WrittenRequest } from "./send_request.ts";
import { NewReferralRequest, ReferralRequest, referralRequestResource, SentRequest } from "./schema.ts";

export const referralRequestEndpoints: Endpoint[] = [
  keyed({
    method: "post",
    path: "/referrals/request",
    summary: "Ask a contact for a referral by mail",
    description:
      "The contact gets a tracked link to a public form. If the mail fails, the request stands and `email_sent` is false. " +
      "Whoever has an open request is not asked again (409 with `existing_id`), but by `force`.",
    scope: "referrals:write",
    mails: true,
    body: NewReferralRequest,
    complete: async ({ sent }) =>
      (await import("../mail/clipping.ts")).judgeClipping(sent, ["intro_html", "how_it_works_html"]),
    answer: SentRequest,
    status: 201,
    refusals: ["NOT_FOUND", "CONFLICT"],
  }, async ({ body, database, config }) => {
    const tokens = newTokens();
    const written = await database.found(WrittenRequest, (client) =>
      client.rpc("ask_for_referral", {
        ...tokens,
        contact: body.contact_id,
        deal: body.deal_id ?? undefined,
        subject_override: body.subject_override ?? undefined,
        intro_html: body.intro_html ?? undefined,
        how_it_works_html: body.how_it_works_html ?? undefined,
        expires_in_days: body.expires_in_days,
        force: body.force,
      }));
    const data = await mailRequest(written, tokens, database, config);
    return { data, location: `/referrals/requests/${data.request_id}` };
  }),

  keyed({
    method: "get",
    path: "/referrals/requests",
    summary: "List referral requests",
    description: "`sent`, `viewed`, `submitted`; `expired` by the clock or by withdrawal.",
    scope: "referrals:read",
    query: listQuery(referralRequestResource),
    list: ReferralRequest,
  }, ({ query, database }) => readPage(database, referralRequestResource, query)),

  keyed(
    {
      method: "get",
      path: "/referrals/requests/:id",
      summary: "Read a referral request",
      scope: "referrals:read",
      params: ById,
      query: readQuery(referralRequestResource),
      answer: ReferralRequest,
    },
    async ({ params, query, database }) => ({
      data: await readRow(database, referralRequestResource, params.id, query),
    }),
  ),

  keyed({
    method: "post",
    path: "/referrals/requests/:id/resend",
    summary: "Send a referral request again",
    description:
      "To the contact's address and name as they are now, under a fresh token and date, also when it expired or was " +
      "withdrawn; the old link stops working.",
    scope: "referrals:write",
    mails: true,
    params: ById,
    answer: SentRequest,
    refusals: ["CONFLICT"],
  }, async ({ params, database, config }) => {
    const tokens = newTokens();
    const written = await database.found(
      WrittenRequest,
      (client) => client.rpc("renew_referral_request", { request_id: params.id, ...tokens }),
    );
    return { data: await mailRequest(written, tokens, database, config) };
  }),

  keyed({
    method: "delete",
    path: "/referrals/requests/:id",
    summary: "Withdraw a referral request",
    description: "Its link answers 410.",
    scope: "referrals:write",
    params: ById,
    status: 204,
    refusals: ["CONFLICT"],
  }, async ({ params, database }) => {
    await database.ask((client) => client.rpc("withdraw_referral_request", { request_id: params.id }));
    return {};
  }),
];
