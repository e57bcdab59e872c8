import { z } from "zod";
import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import type { Json } from "../data/database.types.ts";
import { serviceDatabase } from "../data/service_database.ts";
import { fillTokens, tokensIn, type TokenValues } from "../mail/template.ts";
import { ApiError } from "../contract/errors.ts";
import { sendMail } from "../mail/send_mail.ts";
import { Email, Id, longestCategory } from "../contract/values.ts";
import { unmet } from "../automations/conditions.ts";
import { TriggerType } from "../events/event_types.ts";
import { asTokens, Context, valuesOf } from "./variable_values.ts";

const Action = z.object({
  id: z.string(),
  action_type: z.string(),
  sequence: z.int(),
  config: z.record(z.string(), z.string().nullable()),
});
type Action = z.output<typeof Action>;

/** A run as `private.run_job` gives it. */
export const Job = z.object({
  run_id: z.string(),
  event_id: z.string(),
  trigger_type: TriggerType,
  trigger_data: z.record(z.string(), z.unknown()),
  conditions: z.record(z.string(), z.record(z.string(), z.unknown())),
  actions: z.array(Action),
  action_results: z.array(z.object({ action_id: z.string(), error: z.string().nullable() })),
  context: Context,
});
export type Job = z.output<typeof Job>;

const MailConfig = z.object({ to: z.string(), subject: z.string(), body_html: z.string() });

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
  const finish = (status: "completed" | "failed" | "skipped", error: string | null) =>
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
    const error = earlier ? earlier.error : await carryOut(action, job, asTokens(values), database, config);
    if (error) return void await finish("failed", `${action.action_type} failed: ${error}`);
  }
  await finish("completed", null);
}

/** Gives what went wrong, null for nothing; the result is recorded either way. */
async function carryOut(
  action: Action,
  job: Job,
  tokens: TokenValues,
  database: Pick<Database, "ask">,
  config: Config,
): Promise<string | null> {
  const started = performance.now();
  const record = async (request: Json, response: Json, error: string | null) => {
    await database.ask((client) =>
      client.rpc("record_action", {
        run_id: job.run_id,
        result: {
          action_id: action.id,
          action_type: action.action_type,
          sequence: action.sequence,
          status: error ? "failed" : "completed",
          duration_ms: Math.round(performance.now() - started),
          request,
          response,
          error,
        },
      })
    );
    return error;
  };

  try {
    refuseUnknownTokens(action, tokens);
    switch (action.action_type) {
      case "attribute_referral": {
        const request = attribution(action, tokens);
        await database.ask((client) =>
          client.rpc("run_attribute_referral", { run_id: job.run_id, action_id: action.id, request })
        );
        return null;
      }
      case "call_webhook":
        await database.ask((client) => client.rpc("run_call_webhook", { run_id: job.run_id, action_id: action.id }));
        return null;
      default: {
        const mail = await automationMail(action, job, tokens);
        const { id, error } = await sendMail(config, mail);
        return await record({ to: mail.to, subject: mail.subject }, error ? null : { email_id: id }, error);
      }
    }
  } catch (error) {
    if (!(error instanceof ApiError) || error.code === "UNAVAILABLE" || error.code === "INTERNAL_ERROR") throw error;
    return await record(action.config, null, error.message);
  }
}

function refuseUnknownTokens({ config }: Action, tokens: TokenValues) {
  for (const [field, template] of Object.entries(config)) {
    const unknown = tokensIn(template ?? "").find((name) => !Object.hasOwn(tokens, name));
    if (unknown !== undefined) {
      throw new ApiError("VALIDATION_ERROR", `${field} names {{${unknown}}}, which this trigger does not have.`);
    }
  }
}

const plain = (template: string, tokens: TokenValues) => fillTokens(template, tokens, (value) => value).trim();

function attribution({ config }: Action, tokens: TokenValues): Record<string, string | null> {
  const request = Object.fromEntries(
    Object.entries(config).map((
      [field, template],
    ) => [field, template === null ? null : plain(template, tokens) || null]),
  );
  const { referrer_contact_id: given } = config;
  if (given) {
    const id = Id.safeParse(request.referrer_contact_id);
    if (!id.success) throw new ApiError("VALIDATION_ERROR", `referrer_contact_id (${given}) gives no contact's id.`);
    request.referrer_contact_id = id.data;
  }
  if (config.status && !["pending", "accepted", "converted", "declined"].includes(request.status ?? "")) {
    throw new ApiError(
      "VALIDATION_ERROR",
      `status (${config.status}) gives none of pending, accepted, converted, declined.`,
    );
  }
  // What a token brings may be longer than the field.
  for (const [field, max] of Object.entries({ category: longestCategory, notes: 10_000 })) {
    if ([...request[field] ?? ""].length > max) {
      throw new ApiError("VALIDATION_ERROR", `${field} comes to more than ${max} characters.`);
    }
  }
  return request;
}

async function automationMail(action: Action, { run_id, context }: Job, tokens: TokenValues) {
  const { to, subject, body_html } = MailConfig.parse(action.config);
  const named = to === "referrer" || to === "contact" ? context[to]?.email : plain(to, tokens);
  const address = Email.safeParse(named ?? "");
  if (!address.success) {
    throw new ApiError(
      "VALIDATION_ERROR",
      to === "referrer" || to === "contact"
        ? `There is no ${to} with an email address.`
        : `to (${to}) gives no email address.`,
    );
  }
  const brand = context.company;
  const { customMail } = await import("../mail/custom_mail.tsx");
  return {
    to: address.data,
    from: brand.name,
    replyTo: brand.contact_email,
    ...await customMail({ brand, subject, body_html, tokens }),
    idempotencyKey: `automation/${run_id}/${action.id}`,
  };
}
