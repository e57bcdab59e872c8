import { columnsOf } from "../data/columns.ts";
import { triggers, type TriggerType } from "../events/event_types.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { listQuery, readPage, readQuery, readRow } from "../data/lists.ts";
import { present } from "../data/rows.ts";
import { ById } from "../contract/values.ts";
import { Automation, AutomationChange, automationResource, NewAutomation } from "./schema.ts";

const columns = columnsOf(Automation);
const heardBy = ({ trigger_type }: { trigger_type?: TriggerType }) =>
  trigger_type ? [triggers[trigger_type].scope] : [];

export const automationEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/automations",
    summary: "List automations",
    scope: "automations:read",
    query: listQuery(automationResource),
    list: Automation,
  }, ({ query, database }) => readPage(database, automationResource, query)),

  keyed({
    method: "post",
    path: "/automations",
    summary: "Add an automation",
    description:
      "It does nothing until it has actions and is enabled. It takes the scope that reads what starts it, too.",
    scope: "automations:write",
    alsoNeeds: heardBy,
    body: NewAutomation,
    answer: Automation,
    status: 201,
    refusals: ["NOT_FOUND"],
  }, async ({ body, database }) => {
    const row = await database.row((client) => client.from("automations").insert(body).select(columns));
    return { data: present(Automation, row), location: `/automations/${row.id}` };
  }),

  keyed({
    method: "get",
    path: "/automations/:id",
    summary: "Read an automation",
    scope: "automations:read",
    params: ById,
    query: readQuery(automationResource),
    answer: Automation,
  }, async ({ params, query, database }) => ({ data: await readRow(database, automationResource, params.id, query) })),

  keyed({
    method: "patch",
    path: "/automations/:id",
    summary: "Change an automation",
    description:
      "`conditions` replaces the old ones. A change of when it acts takes the scopes of what it is told and does, too.",
    scope: "automations:write",
    alsoNeeds: heardBy,
    params: ById,
    body: AutomationChange,
    answer: Automation,
  }, async ({ params, body, database }) => {
    const row = await database.row((client) =>
      client.from("automations").update(body).eq("id", params.id).select(columns)
    );
    return { data: present(Automation, row) };
  }),

  keyed({
    method: "delete",
    path: "/automations/:id",
    summary: "Delete an automation",
    description: "Its actions and runs go with it; what it did stays.",
    scope: "automations:write",
    params: ById,
    status: 204,
  }, async ({ params, database }) => {
    await database.row((client) => client.from("automations").delete().eq("id", params.id).select("id"));
    return {};
  }),
];
