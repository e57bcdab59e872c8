import { z } from "zod";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { exampleOf } from "../contract/values.ts";
import { describeKnown, listKnown } from "../http/known_types.ts";
import { ActionType, actionTypeNamed, actionTypes } from "./registry.ts";

function describeActionType(type: ActionType) {
  const { label, description, aliases, config } = actionTypes[type];
  return {
    action_type: type,
    label,
    description: aliases.length > 0 ? `${description} Alias: ${aliases.join(", ")}.` : description,
    config_schema: z.toJSONSchema(config, { io: "input" }),
    example: exampleOf(config),
  };
}

const ActionTypeDescription = z.object({
  action_type: ActionType,
  label: z.string(),
  description: z.string(),
  config_schema: z.record(z.string(), z.unknown()).meta({ description: "JSON Schema, draft 2020-12" }),
  example: z.record(z.string(), z.unknown()).meta({ description: "A config" }),
}).meta({ id: "ActionType", example: describeActionType("send_email") });

/** What automations can do: the same for every key. */
export const actionTypeEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/automations/action-types",
    summary: "List the action types and their config schemas",
    scope: null,
    list: ActionTypeDescription,
  }, ({ database }) => listKnown(ActionType.options.map(describeActionType), database)),

  keyed(
    {
      method: "get",
      path: "/automations/action-types/:type",
      summary: "Read an action type and its config schema",
      scope: null,
      params: z.strictObject({ type: z.string() }),
      answer: ActionTypeDescription,
    },
    ({ params, database }) =>
      describeKnown(actionTypeNamed(params.type), describeActionType, database, ActionType.options),
  ),
];
