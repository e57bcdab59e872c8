import { columnsOf } from "../data/columns.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { listQuery, readPage, readQuery, readRow } from "../data/lists.ts";
import { present, rowOf } from "../data/rows.ts";
import { ById } from "../contract/values.ts";
import {
  ExpandedOpportunity,
  Move,
  NewOpportunity,
  Opportunity,
  OpportunityChange,
  opportunityResource,
} from "./schema.ts";

// The embedded data API gives no computed fields back from a write, so `placements` come beside it.
const columns = columnsOf(Opportunity.omit({ placements: true }));
const opportunityRow = rowOf(Opportunity);

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
  }, async ({ body, database }) => {
    const row = await database.row((client) => client.from("crm_deals").insert(body).select(columns));
    return { data: present(Opportunity, { ...row, placements: [] }), location: `/opportunities/${row.id}` };
  }),

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
  }, async ({ params, body, database }) => {
    const [row, { placements }] = await Promise.all([
      database.row((client) => client.from("crm_deals").update(body).eq("id", params.id).select(columns)),
      readRow(database, opportunityResource, params.id, { fields: ["placements"] }),
    ]);
    return { data: present(Opportunity, { ...row, placements }) };
  }),

  keyed({
    method: "post",
    path: "/opportunities/:id/move",
    summary: "Put an opportunity into a stage",
    description: "An opportunity stands in one stage of each pipeline it is in. Entering one fires `stage_changed`.",
    scope: "opportunities:write",
    params: ById,
    body: Move,
    answer: Opportunity,
  }, async ({ params, body, database }) => {
    const data = await database.found(opportunityRow, (client) =>
      client.rpc("move_opportunity", {
        opportunity_id: params.id,
        target_pipeline_id: body.pipeline_id,
        target_stage_id: body.stage_id,
        target_position: body.position,
        skip_automations: body.skip_automations,
      }));
    return { data };
  }),
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
