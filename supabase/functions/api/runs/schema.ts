import { z } from "zod";
import type { Json } from "../data/database.types.ts";
import { judgedAnyway } from "../contract/refinements.ts";
import type { Resource } from "../data/lists.ts";
import { Id, Text, Timestamp } from "../contract/values.ts";
import { ActionType } from "../actions/registry.ts";
import { RunTrigger, triggers } from "../events/event_types.ts";

export const RunStatus = z.enum(["running", "completed", "failed", "skipped"]);
export type RunStatus = z.infer<typeof RunStatus>;

export const ActionResult = z.object({
  action_id: Id,
  action_type: ActionType,
  sequence: z.int(),
  status: z.enum(["completed", "failed", "skipped"]).meta({
    description: "skipped: nothing was done, for the reason in error; the run goes on",
  }),
  duration_ms: z.number(),
  request: z.unknown().meta({
    description: "What was asked for, its tokens filled; null for a key that may not read it",
  }),
  response: z.unknown().meta({ description: "What came of it; null for a key that may not read it" }),
  error: z.string().nullable().meta({ description: "Why it failed or was skipped" }),
});
export type ActionResult = z.infer<typeof ActionResult>;

/** What TrustPager's runs say and these always say the same of. */
export const unheldByRuns = { truncated: false } as const;

export const AutomationRun = z.object({
  run_id: Id,
  automation_id: Id,
  event_id: Id,
  status: RunStatus.meta({ description: "skipped: a condition did not hold" }),
  trigger_type: RunTrigger.meta({ description: "api: a key started it by hand" }),
  trigger_data: z.record(z.string(), z.unknown()).nullable().meta({
    description: "See /schemas/triggers; null for a key that may not read such events, unless it said them itself",
  }),
  started_at: Timestamp,
  completed_at: Timestamp.nullable(),
  duration_ms: z.int().nullable(),
  actions_total: z.int(),
  actions_executed: z.int(),
  actions_failed: z.int(),
  actions_skipped: z.int().meta({
    description: "Those that were skipped, those after one that failed, and all of a skipped run",
  }),
  truncated: z.literal(false).meta({ description: "TrustPager's: whether results are left out. None ever is" }),
  action_results: z.array(ActionResult),
  error: z.string().nullable().meta({ description: "Why it failed or was skipped" }),
  created_at: Timestamp,
}).meta({
  id: "AutomationRun",
  example: {
    run_id: "0c9d8e7f-6a5b-4c3d-8e2f-1a0b9c8d7e6f",
    automation_id: "e4a1c0d2-7b36-4f58-9a0d-1c5b8e2f6a90",
    event_id: "c1b3a7de-4b1d-4c0e-9d3e-2f6f1f0b7a55",
    status: "completed",
    trigger_type: "stage_changed",
    trigger_data: triggers.stage_changed.sample,
    started_at: "2026-11-22T09:30:00.120Z",
    completed_at: "2026-11-22T09:30:00.480Z",
    duration_ms: 360,
    actions_total: 1,
    actions_executed: 1,
    actions_failed: 0,
    actions_skipped: 0,
    truncated: false,
    action_results: [{
      action_id: "8d2e5b1a-3c47-4f96-b0e8-5a7c9d1f2e34",
      action_type: "send_email",
      sequence: 0,
      status: "completed",
      duration_ms: 341,
      request: { to: "grace.okafor@example.com", subject: "Thank you, Grace" },
      response: { email_id: "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794" },
      error: null,
    }],
    error: null,
    created_at: "2026-11-22T09:30:00.100Z",
  },
});

// What two triggers tell by the same name is the same.
const dataOfAny = Object.fromEntries(
  Object.values(triggers).flatMap(({ data }) => Object.entries<z.ZodType<Json>>(data.shape)),
);

const TriggerData = z.strictObject(dataOfAny)
  .omit({ event_id: true, occurred_at: true })
  .extend({
    contact: z.strictObject({
      first_name: Text(200).nullable(),
      last_name: Text(200).nullable(),
      email: Text(320).nullable(),
      phone: Text(40).nullable(),
      job_title: Text(200).nullable(),
    }).partial().meta({
      description: "What {{contact.*}} says in place of the contact's own; whom mails go to it does not change",
    }),
  })
  .partial();

/** What an automation is run with by hand: the data of any trigger, but for what the run's own event says. */
export const ManualTrigger = z.strictObject({
  trigger_data: TriggerData.optional().meta({ description: "Some of the trigger's data; the rest is null" }),
  payload: TriggerData.optional().meta({ description: "Another name of trigger_data" }),
}).superRefine(({ trigger_data, payload }, problems) => {
  if (trigger_data === undefined || payload === undefined) return;
  problems.addIssue({ code: "custom", path: ["payload"], message: "is trigger_data by another name: give one" });
}, judgedAnyway).meta({
  example: {
    trigger_data: {
      deal_id: "00000000-0000-4000-8000-000000000502",
      stage_id: "00000000-0000-4000-8000-000000000312",
    },
  },
});

export const runResource = {
  table: "automation_runs",
  row: AutomationRun,
  unheld: unheldByRuns,
  expansions: [],
  filters: { status: RunStatus.optional() },
} satisfies Resource;
