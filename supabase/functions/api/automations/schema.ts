import { z } from "zod";
import { type Issues, judgedAnyway } from "../contract/refinements.ts";
import type { Resource } from "../data/lists.ts";
import { AutomationAction, NewAction } from "../actions/schema.ts";
import { exampleOf, Flag, Id, Label, Text, Timestamp } from "../contract/values.ts";
import { TriggerType } from "../events/event_types.ts";
import { variableNames } from "../events/variables.ts";
import { operators } from "./conditions.ts";

export const Automation = z.object({
  id: Id,
  company_id: Id,
  name: z.string(),
  description: z.string().nullable(),
  trigger_type: TriggerType,
  stage_id: Id.nullable().meta({ description: "The stage that an opportunity enters, for stage_changed" }),
  conditions: z.record(z.string(), z.record(z.string(), z.unknown())),
  enabled: z.boolean(),
  priority: z.int().meta({ description: "Of the automations that one event starts, the higher runs first" }),
  created_by: Id.nullable().meta({ description: "The key that made it, or last said what it does" }),
  created_at: Timestamp,
  updated_at: Timestamp,
}).meta({
  id: "Automation",
  example: {
    id: "e4a1c0d2-7b36-4f58-9a0d-1c5b8e2f6a90",
    company_id: "00000000-0000-4000-8000-000000000001",
    name: "Thank who referred a big one",
    description: null,
    trigger_type: "stage_changed",
    stage_id: "00000000-0000-4000-8000-000000000312",
    conditions: { "deal.value": { gte: 5000 } },
    enabled: true,
    priority: 0,
    created_by: "7f6f6f0e-2a53-4c0b-8c1e-1d2b5a9e4c77",
    created_at: "2026-11-22T09:30:00.000Z",
    updated_at: "2026-11-22T09:30:00.000Z",
  },
});

// What is wrong already needs no second word.
const isFine = ({ issues }: z.core.ParsePayload) => issues.length === 0;

/** What a condition may ask of one value; all of it must hold. */
const Condition = z.strictObject(
  Object.fromEntries(Object.entries(operators).map(([name, { wanted }]) => [name, wanted])),
).partial()
  .refine((wants) => Object.keys(wants).length > 0, { error: "must hold an operator", when: isFine })
  .meta({ id: "Condition", example: { gte: 5000 } });

const mostConditions = 50;

const Conditions = z.strictObject(
  Object.fromEntries(variableNames().map((name) => [name, Condition.optional()])),
).refine(
  (conditions) => Object.values(conditions).flatMap((wants) => Object.keys(wants ?? {})).length <= mostConditions,
  { error: `must hold at most ${mostConditions}`, when: isFine },
).meta({
  description: "All must hold, or the run is skipped: `{variable: {operator: value}}`, see /schemas/triggers",
  example: { "deal.value": { gte: 5000 } },
});

const writable = {
  name: Label(200),
  description: Text(2_000).nullish(),
  trigger_type: TriggerType,
  stage_id: Id.nullish().meta({ description: "Required for stage_changed, and only for it" }),
  conditions: Conditions.nullable().transform((given) => given ?? {}).optional(),
  enabled: z.boolean().optional().meta({ description: "false, when absent" }),
  priority: z.int().min(-1_000).max(1_000).optional().meta({ description: "0, when absent; the higher runs first" }),
};

type Triggered = { trigger_type?: unknown; stage_id?: unknown; conditions?: unknown };

// Where another field is wrong, these may be anything.
function judgeTrigger(
  { trigger_type, stage_id, conditions }: Triggered,
  problems: Issues,
  isNew: boolean,
  at: PropertyKey[] = [],
) {
  const type = TriggerType.safeParse(trigger_type).data;
  if (!type) return;
  if (type === "stage_changed" && (stage_id === null || isNew && stage_id === undefined)) {
    problems.addIssue({ code: "custom", path: [...at, "stage_id"], message: "is required", params: { missing: true } });
  }
  if (type !== "stage_changed" && stage_id) {
    problems.addIssue({ code: "custom", path: [...at, "stage_id"], message: "goes with stage_changed only" });
  }
  const accepted = variableNames(type);
  for (const name of variableNames()) {
    if (accepted.includes(name) || !Object.hasOwn(Object(conditions), name)) continue;
    const message = `is no variable of ${type}`;
    problems.addIssue({ code: "custom", path: [...at, "conditions", name], message, params: { accepted } });
  }
}

/** When an automation acts, as TrustPager's clients say it beside its name. */
const Trigger = z.strictObject({
  trigger_type: TriggerType,
  config: z.strictObject({ stage_id: writable.stage_id, conditions: writable.conditions }).default({}),
});

export const NewAutomation = z.strictObject({
  ...writable,
  trigger_type: TriggerType.optional().meta({ description: "Required, unless trigger says it" }),
  trigger: Trigger.optional().meta({ description: "The same as trigger_type, with stage_id and conditions" }),
  actions: z.array(NewAction).max(20).optional().meta({ description: "What it does, in this order" }),
})
  .superRefine((body, problems) => {
    const { trigger } = body;
    if (trigger) {
      const beside = (["trigger_type", "stage_id", "conditions"] as const).filter((name) => body[name] !== undefined);
      if (beside.length > 0) {
        problems.addIssue({ code: "custom", path: ["trigger"], message: `cannot stand beside ${beside.join(", ")}` });
      }
      judgeTrigger({ trigger_type: trigger.trigger_type, ...trigger.config }, problems, true, ["trigger", "config"]);
    } else if (body.trigger_type === undefined) {
      const params = { missing: true };
      problems.addIssue({ code: "custom", path: ["trigger_type"], message: "is required", params });
    } else judgeTrigger(body, problems, true);
  }, judgedAnyway)
  .meta({
    example: {
      name: "Thank who referred a big one",
      trigger_type: "stage_changed",
      stage_id: "00000000-0000-4000-8000-000000000312",
      conditions: { "deal.value": { gte: 5000 } },
      enabled: true,
    },
  });

export const AutomationChange = z.strictObject(writable).partial()
  .superRefine((body, problems) => judgeTrigger(body, problems, false), judgedAnyway)
  .meta({ example: { priority: 10 } });

/** What starts an automation, as TrustPager's clients read it. */
export const AutomationTrigger = z.object({
  trigger_type: TriggerType,
  config: z.object({ stage_id: Id.nullable(), conditions: Automation.shape.conditions }),
}).meta({ id: "AutomationTrigger" });

/** An automation with what starts it and what it does, also by TrustPager's names. */
export const AutomationDetail = Automation.extend({
  triggers: z.array(AutomationTrigger),
  actions: z.array(AutomationAction),
  automations_triggers: z.array(AutomationTrigger),
  automations_actions: z.array(AutomationAction),
}).meta({
  id: "AutomationDetail",
  example: { ...exampleOf(Automation), triggers: [], actions: [], automations_triggers: [], automations_actions: [] },
});

export const automationResource = {
  table: "automations",
  pageSize: 25,
  row: Automation,
  expansions: [],
  filters: { trigger_type: TriggerType.optional(), stage_id: Id.optional(), enabled: Flag.optional() },
} satisfies Resource;
