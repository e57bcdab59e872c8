import { columnsOf } from "../data/columns.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { listQuery, readPage, readQuery, readRow, searchPage } from "../data/lists.ts";
import { present, rowOf } from "../data/rows.ts";
import { SearchBody } from "../contacts/schema.ts";
import { ById } from "../contract/values.ts";
import {
  ExpandedOpportunity,
  Move,
  NewOpportunity,
  Opportunity,
  OpportunityChange,
  opportunityResource,
  PlacedOpportunity,
  unheldByOpportunities,
} from "./schema.ts";

// The embedded data API gives no computed fields back from a write, so `placements` come beside it.
const columns = columnsOf(Opportunity.omit({ placements: true, public_id: true, customer_id: true }));
const placed = rowOf(PlacedOpportunity);
const skipping = "X-Skip-Automations";

const opportunities: Endpoint[] = [
  keyed({
    method: "get",
    path: "/opportunities",
    summary: "List opportunities",
    scope: "opportunities:read",
    query: listQuery(opportunityResource),
    list: ExpandedOpportunity,
  }, ({ query, database }) => readPage(database, opportunityResource, query)),

  keyed({
    method: "post",
    path: "/opportunities",
    summary: "Add an opportunity",
    scope: "opportunities:write",
    body: NewOpportunity,
    answer: Opportunity,
    status: 201,
    refusals: ["NOT_FOUND"],
  }, async ({ body: { skip_automations = false, ...fields }, database }) => {
    const row = await database.row((client) =>
      client.from("crm_deals").insert(fields).select(columns).setHeader(skipping, String(skip_automations))
    );
    const data = present(Opportunity, { ...row, ...unheldByOpportunities, placements: [] });
    return { data, location: `/opportunities/${row.id}` };
  }),

  keyed({
    method: "post",
    path: "/opportunities/search",
    summary: "Search opportunities",
    description: "What `GET /opportunities?search=` gives.",
    scope: "opportunities:read",
    body: SearchBody,
    list: ExpandedOpportunity,
  }, ({ body, database }) => searchPage(database, opportunityResource, body)),

  keyed({
    method: "get",
    path: "/opportunities/:id",
    summary: "Read an opportunity",
    description: "`expand=referrer` inlines the contact who referred it, null without one.",
    scope: "opportunities:read",
    params: ById,
    query: readQuery(opportunityResource),
    answer: ExpandedOpportunity,
  }, async ({ params, query, database }) => ({ data: await readRow(database, opportunityResource, params.id, query) })),

  keyed({
    method: "patch",
    path: "/opportunities/:id",
    summary: "Change an opportunity",
    scope: "opportunities:write",
    params: ById,
    body: OpportunityChange,
    answer: Opportunity,
  }, async ({ params, body: { skip_automations = false, ...fields }, database }) => {
    const [row, { placements }] = await Promise.all([
      database.row((client) =>
        client.from("crm_deals").update(fields).eq("id", params.id).select(columns)
          .setHeader(skipping, String(skip_automations))
      ),
      readRow(database, opportunityResource, params.id, { fields: ["placements"] }),
    ]);
    return { data: present(Opportunity, { ...row, ...unheldByOpportunities, placements }) };
  }),

  keyed({
    method: "delete",
    path: "/opportunities/:id",
    summary: "Delete an opportunity",
    description: "Its referrals stay, without it.",
    scope: "opportunities:delete",
    params: ById,
    status: 204,
    refusals: ["CONFLICT"],
  }, async ({ params, database }) => {
    await database.ask((client) => client.rpc("remove_opportunity", { opportunity_id: params.id }));
    return {};
  }),

  ...["move", "add-card"].map((way) =>
    keyed({
      method: "post",
      path: `/opportunities/:id/${way}`,
      summary: way === "move" ? "Put an opportunity into a stage" : "Put an opportunity into a further pipeline",
      description:
        "An opportunity stands in one stage of each pipeline it is in. Entering one fires `stage_changed`. Answers where it stands.",
      scope: "opportunities:write",
      params: ById,
      body: Move,
      answer: PlacedOpportunity,
    }, async ({ params, body, database }) => {
      const data = await database.found(placed, (client) =>
        client.rpc("move_opportunity", {
          opportunity_id: params.id,
          target_pipeline_id: body.pipeline_id,
          target_stage_id: body.stage_id,
          target_position: body.position,
          skip_automations: body.skip_automations,
          skip_action_ids: body.skip_action_ids,
        }));
      return { data };
    })
  ),
];

/** `/deals…` is an alias of `/opportunities…`. */
export const opportunityEndpoints: Endpoint[] = [
  ...opportunities,
  ...opportunities.map(({ contract, ...endpoint }) => ({
    ...endpoint,
    contract: {
      ...contract,
      path: contract.path.replace("/opportunities", "/deals"),
      summary: `${contract.summary} (alias)`,
    },
  })),
];
