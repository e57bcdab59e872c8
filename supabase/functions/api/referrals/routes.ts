import { columnsOf } from "../data/columns.ts";
import { conflictsWith } from "../data/conflicts.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { listQuery, readPage, readQuery, readRow } from "../data/lists.ts";
import { present, rowOf } from "../data/rows.ts";
import { ById } from "../contract/values.ts";
import { unheldByOpportunities } from "../opportunities/schema.ts";
import { convertReferral } from "./convert.ts";
import {
  AttributedOpportunity,
  Attribution,
  ConvertedReferral,
  ExpandedReferral,
  Leaderboard,
  LeaderboardQuery,
  NewReferral,
  Referral,
  ReferralChange,
  referralResource,
} from "./schema.ts";

const columns = columnsOf(Referral);
const attributed = rowOf(AttributedOpportunity, unheldByOpportunities);

export const referralEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/referrals",
    summary: "List referrals",
    scope: "referrals:read",
    query: listQuery(referralResource),
    list: ExpandedReferral,
  }, ({ query, database }) => readPage(database, referralResource, query)),

  keyed({
    method: "post",
    path: "/referrals",
    summary: "Log a referral by hand",
    scope: "referrals:write",
    body: NewReferral,
    answer: Referral,
    status: 201,
    refusals: ["NOT_FOUND", "CONFLICT"],
  }, async ({ body: { deal_id, ...fields }, database }) => {
    const chain = deal_id === undefined ? fields : { ...fields, referred_deal_id: deal_id };
    const row = await database
      .row((client) => client.from("referrals").insert(chain).select(columns))
      .catch(conflictsWith(database, (client) => client.rpc("referral_in_the_way", { chain })));
    return { data: present(Referral, row), location: `/referrals/${row.id}` };
  }),

  keyed({
    method: "post",
    path: "/referrals/attribute",
    summary: "Set, reassign or clear an opportunity's referrer",
    description:
      "Writes the opportunity's hand-set referral in place, which outranks all others; referrals from the form or from " +
      "automations are never touched. Null clears: the opportunity has no referrer until a newer referral arrives.",
    scope: "referrals:write",
    body: Attribution,
    answer: AttributedOpportunity,
    refusals: ["NOT_FOUND"],
  }, async ({ body, database }) => {
    const data = await database.found(attributed, (client) =>
      client.rpc("attribute_opportunity", {
        opportunity_id: body.opportunity_id,
        referrer_contact_id: body.referrer_contact_id ?? undefined,
        category: body.category ?? undefined,
        keeps_category: body.category === undefined,
      }));
    return { data };
  }),

  keyed({
    method: "get",
    path: "/referrals/leaderboard",
    summary: "Who refers best",
    description: "Ordered by converted referrals, then all referrals, then contact id.",
    scope: "referrals:read",
    query: LeaderboardQuery,
    answer: Leaderboard,
  }, async ({ query, database }) => {
    const leaderboard = await database.value(
      Leaderboard.shape.leaderboard,
      (client) =>
        client.rpc("referral_leaderboard", { max_entries: query.limit, only_converted: query.only_converted }),
    );
    return { data: { leaderboard } };
  }),

  keyed({
    method: "get",
    path: "/referrals/:id",
    summary: "Read a referral",
    scope: "referrals:read",
    params: ById,
    query: readQuery(referralResource),
    answer: ExpandedReferral,
  }, async ({ params, query, database }) => ({ data: await readRow(database, referralResource, params.id, query) })),

  keyed({
    method: "patch",
    path: "/referrals/:id",
    summary: "Change a referral",
    description:
      "Any status may follow any other: entering `converted` stamps `converted_at` and sends no email, leaving it clears the stamp.",
    scope: "referrals:write",
    params: ById,
    body: ReferralChange,
    answer: Referral,
    refusals: ["CONFLICT"],
  }, async ({ params, body, database }) => {
    const row = await database
      .row((client) => client.from("referrals").update(body).eq("id", params.id).select(columns))
      .catch(
        conflictsWith(database, (client) => client.rpc("referral_in_the_way", { chain: body, changed_id: params.id })),
      );
    return { data: present(Referral, row) };
  }),

  keyed({
    method: "delete",
    path: "/referrals/:id",
    summary: "Delete a referral",
    description: "The contacts and the opportunity stay.",
    scope: "referrals:delete",
    params: ById,
    status: 204,
  }, async ({ params, database }) => {
    await database.row((client) => client.from("referrals").delete().eq("id", params.id).select("id"));
    return {};
  }),

  keyed({
    method: "post",
    path: "/referrals/:id/convert",
    summary: "Convert a referral and thank the referrer",
    description:
      "Repeating it is safe: the same `converted_at`, no second mail; a mail that had failed is tried again. A mail " +
      "that fails never undoes the conversion.",
    scope: "referrals:write",
    mails: true,
    params: ById,
    answer: ConvertedReferral,
    refusals: ["CONFLICT"],
  }, async ({ params, database, config }) => ({ data: await convertReferral(params.id, database, config) })),
];
