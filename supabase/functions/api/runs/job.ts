import type { Conditions } from "../automations/conditions.ts";
import type { Json } from "../data/database.types.ts";
import type { TriggerType } from "../events/event_types.ts";
import type { Brand } from "../mail/brand.ts";
import type { ActionResult } from "./schema.ts";

/** A run as `private.run_job` gives it. */
export type Job = {
  run_id: string;
  event_id: string;
  trigger_type: TriggerType;
  trigger_data: Record<string, unknown>;
  conditions: Conditions;
  actions: JobAction[];
  /** Of the actions that have been carried out already, whether they went well or not. */
  action_results: ActionResult[];
  context: Context;
};

/** An action as it is stored: its type and its config were right when it was. */
export type JobAction = { id: string; action_type: string; sequence: number; config: Record<string, Json> };

/** What `private.run_context` gives: the run's opportunity, its people and its workspace. */
export type Context = Record<"deal" | "contact" | "referrer", Record<string, unknown> | null> & {
  company: Brand & Record<string, unknown>;
};
