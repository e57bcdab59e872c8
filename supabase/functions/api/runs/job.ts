import { z } from "zod";
import { Brand } from "../company/schema.ts";
import { TriggerType } from "../events/event_types.ts";

/** An action as it is stored: its type and its config were right when it was, as far as the database sees. */
const JobAction = z.object({
  id: z.string(),
  action_type: z.string(),
  sequence: z.int(),
  config: z.record(z.string(), z.json()),
  /** Why it may not act, in words: its maker's scopes do not reach; null when it may. */
  refusal: z.string().nullable(),
});
export type JobAction = z.output<typeof JobAction>;

const Subject = z.record(z.string(), z.unknown()).nullable();

/** What `private.run_context` gives: the run's opportunity, its people and its workspace. */
const Context = z.object({ company: Brand, deal: Subject, contact: Subject, referrer: Subject });
export type Context = z.output<typeof Context>;

/** A run as `private.run_job` gives it. */
export const Job = z.object({
  run_id: z.string(),
  event_id: z.string(),
  trigger_type: TriggerType,
  trigger_data: z.record(z.string(), z.unknown()),
  conditions: z.record(z.string(), z.record(z.string(), z.unknown())),
  actions: z.array(JobAction),
  /** Of the actions that have been carried out already, whether they went well or not. */
  action_results: z.array(z.object({
    action_id: z.string(),
    status: z.enum(["completed", "failed", "skipped"]),
    error: z.string().nullable(),
  })),
  context: Context,
});
export type Job = z.output<typeof Job>;
