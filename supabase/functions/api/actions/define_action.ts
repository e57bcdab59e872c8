import type { z } from "zod";
import { ApiError } from "../contract/errors.ts";
import type { Scope } from "../contract/scopes.ts";
import type { Database } from "../data/database.ts";
import type { Json } from "../data/database.types.ts";
import type { TokenValues } from "../mail/template.ts";
import type { Config } from "../platform/config.ts";
import type { Job } from "../runs/job.ts";

type Given = Record<string, unknown>;
type Schema = z.ZodObject<Record<string, z.ZodType<Json | undefined>>>;

/** The database and the deployment that a run works with. */
export type Means = { database: Pick<Database, "ask">; config: Config };

/** What was asked for and what came of it, for the run's record; `error` says why it failed or was skipped. */
export type Outcome = {
  status: "completed" | "failed" | "skipped";
  request: Json;
  response: Json;
  error: string | null;
};

type Definition<ConfigSchema extends Schema, Settings = z.output<ConfigSchema>> = {
  label: string;
  description: string;
  /** What callers may call it too. */
  aliases?: string[];
  /** Other names of its config's fields: TrustPager's. */
  otherNames?: Record<string, string>;
  /** What its `config` must be, with an example. */
  config: ConfigSchema;
  /** What a key must be allowed to do itself for what runs will do with this config. */
  scopes(config: Settings): Scope[];
  /** A config as it is to be stored; throws for what its schema cannot see. */
  settle?(config: Settings, deployment: Config): Promise<Settings>;
  /**
   * Carries it out. It may be called again for the same run and action, and must not have its effect twice. Gives null where
   * the database has recorded the outcome beside the effect; throws a refusal, which is recorded, or 503, which is not.
   */
  run(action: { id: string; config: Settings }, job: Job, tokens: TokenValues, means: Means): Promise<Outcome | null>;
};

/** An action type for whoever has any of them: configs come unparsed, and are read by its own schema. */
export type ActionDefinition = {
  label: string;
  description: string;
  aliases: string[];
  /** A config by its schema's own names. */
  named(config: Given): Given;
  config: z.ZodObject;
  scopes(config: Given): Scope[];
  settle(config: Given, deployment: Config): Promise<Record<string, Json | undefined>>;
  run(action: { id: string; config: Given }, job: Job, tokens: TokenValues, means: Means): Promise<Outcome | null>;
};

/** Something that an automation can do. */
export function defineAction<ConfigSchema extends Schema>(action: Definition<ConfigSchema>): ActionDefinition {
  const { label, description, aliases = [], otherNames = {}, config } = action;
  const named = (given: Given) =>
    Object.fromEntries(
      Object.entries(given).map(([field, value]) => [
        Object.hasOwn(otherNames, field) && !Object.hasOwn(given, otherNames[field]) ? otherNames[field] : field,
        value,
      ]),
    );
  const read = (given: Given) => {
    const parsed = config.safeParse(given);
    if (parsed.success) return parsed.data;
    const [{ path, message }] = parsed.error.issues;
    throw new ApiError("VALIDATION_ERROR", `${["config", ...path].join(".")} ${message}.`);
  };
  return {
    label,
    description,
    aliases,
    named,
    config,
    scopes: (given) => action.scopes(read(named(given))),
    settle: async (given, deployment) => {
      const config = read(named(given));
      return await action.settle?.(config, deployment) ?? config;
    },
    run: async ({ id, config }, job, tokens, means) =>
      await action.run({ id, config: read(config) }, job, tokens, means),
  };
}
