import type { z } from "zod";
import { columnsOf } from "../data/columns.ts";
import { triggers, type TriggerType } from "../events/event_types.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { listQuery, readPage, readQuery, readRow } from "../data/lists.ts";
import { present, rowOf } from "../data/rows.ts";
import { ById } from "../contract/values.ts";
import { doneBy, settledAction } from "../actions/settling.ts";
import { AutomationAction } from "../actions/schema.ts";
import type { Database } from "../data/database.ts";
import {
  Automation,
  AutomationChange,
  AutomationDetail,
  automationResource,
  AutomationTrigger,
  NewAutomation,
} from "./schema.ts";

const columns = columnsOf(Automation);
const heardBy = ({ trigger_type }: { trigger_type?: TriggerType }) =>
  trigger_type ? [triggers[trigger_type].scope] : [];
const composedOf = ({ trigger_type, trigger, actions = [] }: z.output<typeof NewAutomation>) => [
  ...heardBy({ trigger_type: trigger?.trigger_type ?? trigger_type }),
  ...actions.flatMap(doneBy),
];
const actionColumns = columnsOf(AutomationAction);
const madeAutomation = rowOf(Automation);

type Row = z.output<typeof Automation>;

const triggerOf = ({ trigger_type, stage_id, conditions }: Row) => ({ trigger_type, config: { stage_id, conditions } });

/** An automation with what starts it and what it does. */
async function detailOf(database: Database, automation: Row) {
  const { data } = await database.ask((client) =>
    client.from("automation_actions").select(actionColumns).eq("automation_id", automation.id)
      .order("sequence").order("created_at").order("id")
  );
  const actions = data.map((row) => present(AutomationAction, row));
  const triggers = [triggerOf(automation)];
  return { ...automation, triggers, actions, automations_triggers: triggers, automations_actions: actions };
}

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
      "It does nothing until it has actions and is enabled. With `actions` it is made with them, all or nothing. It takes " +
      "the scope that reads what starts it, and those of what its actions do and tell, too.",
    scope: "automations:write",
    alsoNeeds: composedOf,
    body: NewAutomation,
    answer: Automation,
    status: 201,
    refusals: ["NOT_FOUND"],
  }, async ({ body: { trigger, actions = [], ...fields }, database, config }) => {
    const automation = { ...fields, ...trigger?.config, ...trigger && { trigger_type: trigger.trigger_type } };
    const settled = await Promise.all(actions.map(async ({ sequence, ...action }) => ({
      sequence,
      ...await settledAction(action.action_type, action.config, config),
    })));
    const made = await database.found(
      madeAutomation,
      (client) => client.rpc("create_automation", { automation, actions: settled }),
    );
    return { data: made, location: `/automations/${made.id}` };
  }),

  keyed({
    method: "get",
    path: "/automations/:id",
    summary: "Read an automation",
    description: "With what starts it and what it does, unless `fields` chooses.",
    scope: "automations:read",
    params: ById,
    query: readQuery(automationResource),
    answer: AutomationDetail,
  }, async ({ params, query, database }) => {
    const row = await readRow(database, automationResource, params.id, query);
    // All keys are asked for, so none is missing.
    return { data: query.fields ? row : await detailOf(database, row as z.output<typeof Automation>) };
  }),

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

  ...["enable", "disable"].map((way) =>
    keyed({
      method: "post",
      path: `/automations/:id/${way}`,
      summary: way === "enable" ? "Switch an automation on" : "Switch an automation off",
      description: "What `PATCH` with `enabled` does.",
      scope: "automations:write",
      params: ById,
      answer: Automation,
    }, async ({ params, database }) => {
      const row = await database.row((client) =>
        client.from("automations").update({ enabled: way === "enable" }).eq("id", params.id).select(columns)
      );
      return { data: present(Automation, row) };
    })
  ),

  keyed({
    method: "get",
    path: "/automations/:id/triggers",
    summary: "List what starts an automation",
    description: "Just one: its `trigger_type` with its `stage_id` and `conditions`.",
    scope: "automations:read",
    params: ById,
    list: AutomationTrigger,
  }, async ({ params, database }) => {
    const row = await database.row((client) => client.from("automations").select(columns).eq("id", params.id));
    const pagination = { limit: 1, total: 1, has_more: false, next_cursor: null, prev_cursor: null };
    return { data: [triggerOf(present(Automation, row))], pagination };
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
