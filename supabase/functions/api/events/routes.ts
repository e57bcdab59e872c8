import { z } from "zod";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { describeKnown } from "../http/known_types.ts";
import { triggers, TriggerType } from "./event_types.ts";
import { enrichedVariables, variablesOf } from "./variables.ts";

function describeTrigger(type: TriggerType) {
  const { label, description, sample } = triggers[type];
  return {
    trigger_type: type,
    label,
    description,
    sample_trigger_data: sample,
    available_variables: variablesOf(type).map(({ name }) => `{{${name}}}`),
    variables: variablesOf(type),
    enriched_variables: enrichedVariables,
  };
}

const Enriched = z.record(z.string(), z.string()).meta({ description: "What every trigger's variables hold beside" });

const Trigger = z.object({
  trigger_type: TriggerType,
  label: z.string(),
  description: z.string(),
  sample_trigger_data: z.record(z.string(), z.unknown()),
  available_variables: z.array(z.string()).meta({ description: "The tokens that texts may hold" }),
  variables: z.array(z.object({ name: z.string(), description: z.string() })).meta({
    description: "What conditions and `{{...}}` tokens may name",
  }),
  enriched_variables: Enriched,
}).meta({ id: "Trigger", example: describeTrigger("stage_changed") });

const Triggers = z.object({ count: z.int(), enriched_variables: Enriched, triggers: z.array(Trigger) }).meta({
  id: "Triggers",
  example: { count: 1, enriched_variables: enrichedVariables, triggers: [describeTrigger("stage_changed")] },
});

/** What workspaces can be told of, and automations act on: the same for every key. */
export const triggerEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/schemas/triggers",
    summary: "List the triggers and their variables",
    scope: null,
    answer: Triggers,
  }, async ({ database }) => {
    await database.confirmScope();
    const triggers = TriggerType.options.map(describeTrigger);
    return { data: { count: triggers.length, enriched_variables: enrichedVariables, triggers } };
  }),

  keyed(
    {
      method: "get",
      path: "/schemas/triggers/:trigger_type",
      summary: "Read a trigger and its variables",
      scope: null,
      params: z.strictObject({ trigger_type: z.string() }),
      answer: Trigger,
    },
    ({ params, database }) =>
      describeKnown(TriggerType.safeParse(params.trigger_type).data, describeTrigger, database, TriggerType.options),
  ),
];
