import { type Endpoint, keyed } from "../http/endpoint.ts";
import { ApiError } from "../contract/errors.ts";
import { listQuery, readQuery, readRow } from "../data/lists.ts";
import { rowOf } from "../data/rows.ts";
import type { z } from "zod";
import type { Database } from "../data/database.ts";
import type { Config } from "../platform/config.ts";
import { ByActionId } from "../actions/schema.ts";
import { ById } from "../contract/values.ts";
import { readPageBelow } from "../data/child_lists.ts";
import { AutomationRun, ManualTrigger, runResource, unheldByRuns } from "./schema.ts";

const started = AutomationRun.pick({ run_id: true });
const run = rowOf(AutomationRun, unheldByRuns);

const given = ({ trigger_data, payload }: z.output<typeof ManualTrigger>) => trigger_data ?? payload ?? {};

/** A run that was just started, as it ended, or as it goes on by itself. */
async function carriedOut(run_id: string, database: Database, config: Config) {
  const { runNow } = await import("./execute.ts");
  await runNow(config, run_id).catch(leftToTheDispatcher);
  return await database.found(run, (client) => client.rpc("automation_run", { run_id }));
}

// A 503 would have the caller start a second run, beside the one that the dispatcher goes on with.
function leftToTheDispatcher(error: unknown): void {
  if (!(error instanceof ApiError && error.code === "UNAVAILABLE")) throw error;
}

export const runEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/automations/runs/:id",
    summary: "Read a run",
    scope: "automations:read",
    params: ById,
    query: readQuery(runResource),
    answer: AutomationRun,
  }, async ({ params, query, database }) => ({ data: await readRow(database, runResource, params.id, query) })),

  keyed({
    method: "get",
    path: "/automations/:id/runs",
    summary: "List an automation's runs",
    description: "Runs are kept for 30 days.",
    scope: "automations:read",
    params: ById,
    query: listQuery(runResource),
    list: AutomationRun,
  }, ({ params, query, database }) => readPageBelow(database, "automations", params.id, runResource, query)),

  keyed({
    method: "post",
    path: "/automations/:id/trigger",
    summary: "Run an automation now",
    description:
      "Enabled or not, once; conditions and actions are those of any run. Answers the run as it ended, or `running` " +
      "where something was out of reach: then it goes on by itself.",
    scope: "automations:trigger",
    params: ById,
    body: ManualTrigger,
    bodyIsOptional: true,
    answer: AutomationRun,
  }, async ({ params, body, database, config }) => {
    const { run_id } = await database.found(
      started,
      (client) => client.rpc("start_automation_run", { automation_id: params.id, trigger_data: given(body) }),
    );
    return { data: await carriedOut(run_id, database, config) };
  }),

  keyed({
    method: "post",
    path: "/automations/:id/actions/:actionId/execute",
    summary: "Carry out one action now",
    description: "A run that leaves out the automation's other actions; its conditions must hold.",
    scope: "automations:trigger",
    params: ByActionId,
    body: ManualTrigger,
    bodyIsOptional: true,
    answer: AutomationRun,
  }, async ({ params, body, database, config }) => {
    const { run_id } = await database.found(started, (client) =>
      client.rpc("start_action_run", {
        automation_id: params.id,
        action_id: params.actionId,
        trigger_data: given(body),
      }));
    return { data: await carriedOut(run_id, database, config) };
  }),
];
