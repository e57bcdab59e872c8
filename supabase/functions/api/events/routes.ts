import { z } from "zod";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { describeKnown, listKnown } from "../http/known_types.ts";
import { triggers, TriggerType } from "./event_types.ts";
import { variablesOf } from "./variables.ts";

function describeTrigger(type: TriggerType) {
  const { label, description, sample } = triggers[type];
  return {
    trigger_type: type,
    label,
    description,
    sample_trigger_data: sample,
    available_variables: variablesOf(type),
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
}).meta({ id: "Trigger", example: describeTrigger("stage_changed") });

/** What workspaces can be told of, and automations act on: the same for every key. */
export const triggerEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/schemas/triggers",
    summary: "List the triggers and their variables",
    scope: null,
    list: Trigger,
  }, ({ database }) => listKnown(TriggerType.options.map(describeTrigger), database)),

  keyed(
    {
      method: "get",
      path: "/schemas/triggers/:trigger_type",
      summary: "Read a trigger and its variables",
      scope: null,
      params: z.strictObject({ trigger_type: z.string() }),
      answer: Trigger,
    },
    ({ params, database }) => describeKnown(TriggerType.safeParse(params.trigger_type).data, describeTrigger, database),
  ),
];
