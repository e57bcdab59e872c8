import { z } from "zod";
import { type Endpoint, keyed, type Result } from "../endpoint.ts";
import type { Database } from "../database.ts";
import { ApiError } from "../errors.ts";
import { type ActionType, actionTypeNamed, actionTypeNames, actionTypes } from "./action_types.ts";
import { triggers, TriggerType, variablesOf } from "./triggers.ts";

function triggerOf(type: TriggerType) {
  const { label, description, data } = triggers[type];
  return {
    trigger_type: type,
    label,
    description,
    sample_trigger_data: data.meta()?.example,
    available_variables: variablesOf(type),
  };
}

function actionTypeOf(type: ActionType) {
  const { label, description, config } = actionTypes[type];
  return {
    action_type: type,
    label,
    description,
    config_schema: z.toJSONSchema(config, { io: "input" }),
    example: config.meta()?.example,
  };
}

const Trigger = z.object({
  trigger_type: TriggerType,
  label: z.string(),
  description: z.string(),
  sample_trigger_data: z.record(z.string(), z.unknown()),
  available_variables: z.array(z.object({ name: z.string(), description: z.string() })).meta({
    description: "What conditions and `{{...}}` tokens may name",
  }),
}).meta({ id: "Trigger", example: triggerOf("stage_changed") });

const ActionTypeDescription = z.object({
  action_type: z.enum(actionTypeNames),
  label: z.string(),
  description: z.string(),
  config_schema: z.record(z.string(), z.unknown()).meta({ description: "JSON Schema, draft 2020-12" }),
  example: z.record(z.string(), z.unknown()).meta({ description: "A config" }),
}).meta({ id: "ActionType", example: actionTypeOf("send_email") });

/** All there is, on one page. */
async function wholeList(data: unknown[], database: Database): Promise<Result> {
  await database.confirmScope();
  const { length } = data;
  return { data, pagination: { limit: length, total: length, has_more: false, next_cursor: null, prev_cursor: null } };
}

async function described<Type>(type: Type | null | undefined, describe: (type: Type) => unknown, database: Database) {
  await database.confirmScope();
  if (!type) throw new ApiError("NOT_FOUND", "There is no such type.");
  return { data: describe(type) };
}

/** What automations can be made of: the same for every key. */
export const describingEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/schemas/triggers",
    summary: "List the triggers and their variables",
    scope: null,
    answer: Trigger,
    list: true,
  }, ({ database }) => wholeList(TriggerType.options.map(triggerOf), database)),

  keyed(
    {
      method: "get",
      path: "/schemas/triggers/:trigger_type",
      summary: "Read a trigger and its variables",
      scope: null,
      params: z.strictObject({ trigger_type: z.string() }),
      answer: Trigger,
    },
    ({ params, database }) => described(TriggerType.safeParse(params.trigger_type).data, triggerOf, database),
  ),

  keyed({
    method: "get",
    path: "/automations/action-types",
    summary: "List the action types and their config schemas",
    scope: null,
    answer: ActionTypeDescription,
    list: true,
  }, ({ database }) => wholeList(actionTypeNames.map(actionTypeOf), database)),

  keyed({
    method: "get",
    path: "/automations/action-types/:type",
    summary: "Read an action type and its config schema",
    scope: null,
    params: z.strictObject({ type: z.string() }),
    answer: ActionTypeDescription,
  }, ({ params, database }) => described(actionTypeNamed(params.type), actionTypeOf, database)),
];
