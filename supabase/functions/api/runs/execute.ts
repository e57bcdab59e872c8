import { ActionType, actionTypes } from "../actions/registry.ts";
import type { Means, Outcome } from "../actions/define_action.ts";
import { refuseUnknownTokens } from "../actions/templates.ts";
import { unmet } from "../automations/conditions.ts";
import { ApiError } from "../contract/errors.ts";
import type { Database } from "../data/database.ts";
import { serviceDatabase } from "../data/service_database.ts";
import type { TokenValues } from "../mail/template.ts";
import type { Config } from "../platform/config.ts";
import { Job, type JobAction } from "./job.ts";
import type { RunStatus } from "./schema.ts";
import { asTokens, valuesOf } from "./variable_values.ts";

/** Works on a run that its starter has claimed. */
export async function runNow(config: Config, runId: string): Promise<void> {
  const database = serviceDatabase(config);
  const job = await database.found(Job, (client) => client.rpc("run_job", { run_id: runId }));
  await executeRun(job, database, config);
}

/**
 * Carries out what a run has left to do, and ends it: actions that have a result are not repeated, and one that fails ends the
 * run. What it asks of the database is safe to repeat. Throws 503 when that is out of reach: whoever claims the run next goes
 * on.
 */
export async function executeRun(job: Job, database: Pick<Database, "ask">, config: Config): Promise<void> {
  const values = valuesOf(job.trigger_type, job.trigger_data, job.context);
  const tokens = asTokens(values);
  const finish = (status: Exclude<RunStatus, "running">, error: string | null) =>
    database.ask((client) =>
      client.rpc("finish_run", {
        run_id: job.run_id,
        status,
        actions_total: job.actions.length,
        error: error ?? undefined,
      })
    );

  // Where an action has been carried out, the conditions held, whatever it changed since.
  const reason = job.action_results.length === 0 ? unmet(job.conditions, values) : null;
  if (reason) return void await finish("skipped", reason);
  for (const action of job.actions) {
    const earlier = job.action_results.find(({ action_id }) => action_id === action.id);
    const error = earlier ? failureOf(earlier) : await carryOut(action, job, tokens, { database, config });
    if (error) return void await finish("failed", `${action.action_type} failed: ${error}`);
  }
  await finish("completed", null);
}

const failureOf = ({ status, error }: { status: Outcome["status"]; error: string | null }) =>
  status === "failed" ? error : null;

/** Gives what went wrong, null for nothing; the outcome is recorded either way. */
async function carryOut(action: JobAction, job: Job, tokens: TokenValues, means: Means): Promise<string | null> {
  const started = performance.now();
  const outcome = await outcomeOf(action, job, tokens, means);
  if (!outcome) return null;
  await means.database.ask((client) =>
    client.rpc("record_action", {
      run_id: job.run_id,
      result: {
        action_id: action.id,
        action_type: action.action_type,
        sequence: action.sequence,
        duration_ms: Math.round(performance.now() - started),
        ...outcome,
      },
    })
  );
  return failureOf(outcome);
}

/** What came of an action, a refusal too; null where that is recorded already. Throws what is no fault of the action. */
async function outcomeOf(action: JobAction, job: Job, tokens: TokenValues, means: Means): Promise<Outcome | null> {
  const type = ActionType.safeParse(action.action_type).data;
  try {
    if (!type) throw new ApiError("VALIDATION_ERROR", `There is no action type ${action.action_type}.`);
    if (action.refusal) throw new ApiError("INSUFFICIENT_SCOPE", action.refusal);
    refuseUnknownTokens(action.config, tokens);
    return await actionTypes[type].run(action, job, tokens, means);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === "UNAVAILABLE" || error.code === "INTERNAL_ERROR") throw error;
    return { status: "failed", request: action.config, response: null, error: error.message };
  }
}
