import { z } from "zod";
import { columnsOf } from "../data/columns.ts";
import type { Database } from "../data/database.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { check, type Found, refusal } from "../http/input.ts";
import { listQuery } from "../data/lists.ts";
import { present } from "../data/rows.ts";
import { ById } from "../contract/values.ts";
import {
  ActionChange,
  actionResource,
  AutomationAction,
  ByActionId,
  NewAction,
  NewOrder,
  OrderedActions,
} from "./schema.ts";
import { doneBy, settledAction } from "./settling.ts";
import { readPageBelow } from "../data/child_lists.ts";

const columns = columnsOf(AutomationAction);

/** The type of the action that is there, which decides over its new config; throws 404, 400. */
async function typeOf({ id, actionId }: z.output<typeof ByActionId>, config: unknown, database: Database) {
  const { action_type } = await database.row((client) =>
    client.from("automation_actions").select("action_type").eq("id", actionId).eq("automation_id", id)
  );
  const found: Found[] = [];
  check(NewAction, { action_type, config }, found);
  if (found.length > 0) throw refusal(found);
  return AutomationAction.shape.action_type.parse(action_type);
}

export const actionEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/automations/:id/actions",
    summary: "List an automation's actions",
    description: "A run carries them out by `sequence`; of equal ones the older comes first.",
    scope: "automations:read",
    params: ById,
    query: listQuery(actionResource),
    list: AutomationAction,
  }, ({ params, query, database }) => readPageBelow(database, "automations", params.id, actionResource, query)),

  keyed({
    method: "post",
    path: "/automations/:id/actions",
    summary: "Add an action to an automation",
    description: "It takes the scopes of what it does and tells, too.",
    scope: "automations:write",
    alsoNeeds: doneBy,
    params: ById,
    body: NewAction,
    answer: AutomationAction,
    status: 201,
  }, async ({ params, body, database, config }) => {
    const action = {
      automation_id: params.id,
      // Without one the database gives it the next.
      sequence: body.sequence!,
      ...await settledAction(body.action_type, body.config, config),
    };
    const row = await database.row((client) => client.from("automation_actions").insert(action).select(columns));
    return { data: present(AutomationAction, row), location: `/automations/${params.id}/actions/${row.id}` };
  }),

  keyed({
    method: "post",
    path: "/automations/:id/actions/reorder",
    summary: "Put an automation's actions into another order",
    description: "Those that are not named follow in theirs. Answers all of them, in their order.",
    scope: "automations:write",
    params: ById,
    body: NewOrder,
    answer: OrderedActions,
    refusals: ["NOT_FOUND"],
  }, async ({ params, body, database }) => {
    await database.found(
      z.int(),
      (client) => client.rpc("reorder_actions", { automation_id: params.id, action_ids: body.action_ids }),
    );
    const { data } = await database.ask((client) =>
      client.from("automation_actions").select(columns).eq("automation_id", params.id)
        .order("sequence").order("created_at").order("id")
    );
    return { data: { actions: data.map((row) => present(AutomationAction, row)) } };
  }),

  keyed({
    method: "get",
    path: "/automations/:id/actions/:actionId",
    summary: "Read an action",
    scope: "automations:read",
    params: ByActionId,
    answer: AutomationAction,
  }, async ({ params, database }) => {
    const row = await database.row((client) =>
      client.from("automation_actions").select(columns).eq("id", params.actionId).eq("automation_id", params.id)
    );
    return { data: present(AutomationAction, row) };
  }),

  keyed({
    method: "patch",
    path: "/automations/:id/actions/:actionId",
    summary: "Change an action",
    description: "Another `config` takes the scopes of what it does and tells, too.",
    scope: "automations:write",
    alsoNeeds: doneBy,
    params: ByActionId,
    body: ActionChange,
    answer: AutomationAction,
  }, async ({ params, body: { action_type, sequence, config: given }, database, config }) => {
    const configured = given &&
      await settledAction(action_type ?? await typeOf(params, given, database), given, config);
    const row = await database.row((client) =>
      client.from("automation_actions").update({ sequence, ...configured })
        .eq("id", params.actionId).eq("automation_id", params.id).select(columns)
    );
    return { data: present(AutomationAction, row) };
  }),

  keyed({
    method: "delete",
    path: "/automations/:id/actions/:actionId",
    summary: "Delete an action",
    scope: "automations:write",
    params: ByActionId,
    status: 204,
  }, async ({ params, database }) => {
    await database.row((client) =>
      client.from("automation_actions").delete()
        .eq("id", params.actionId).eq("automation_id", params.id).select("id")
    );
    return {};
  }),
];
