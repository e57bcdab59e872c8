import { completePhone } from "../contacts/phone.ts";
import { type Endpoint, open } from "../http/endpoint.ts";
import { present } from "../data/rows.ts";
import { ByToken, ReferralForm, Submission, Submitted } from "./schema.ts";
import { readForm, readOpenForm, stampViewed, submit } from "./submission.ts";

/** The public form as JSON; `page_routes.tsx` serves the same as a page. */
export const publicFormEndpoints: Endpoint[] = [
  open({
    method: "get",
    path: "/public/referral-requests/:token",
    summary: "Read what a form shows",
    description: "Changes nothing: a mail scanner may follow the link.",
    params: ByToken,
    answer: ReferralForm,
  }, async ({ params, database }) => ({ data: present(ReferralForm, await readForm(database, params.token)) })),

  open({
    method: "post",
    path: "/public/referral-requests/:token/viewed",
    summary: "Stamp that a person saw the form",
    params: ByToken,
    status: 204,
  }, async ({ params, database }) => {
    await stampViewed(database, params.token);
    return {};
  }),

  open({
    method: "post",
    path: "/public/referral-requests/:token/submit",
    summary: "Hand in a friend's details",
    description: "Once per token: contact, opportunity and referral are made in one transaction.",
    params: ByToken,
    body: Submission,
    complete: ({ sent, params, database }) =>
      completePhone(sent, async () => (await readOpenForm(database, params.token)).country),
    answer: Submitted,
    status: 201,
    refusals: ["CONFLICT", "EXPIRED", "RATE_LIMITED"],
  }, async ({ params, body, database, address, config }) => ({
    data: await submit(database, params.token, body, address, config),
  })),
];
