import { createContextClient } from "@supabase/server/core";
import type { PostgrestSingleResponse, SupabaseClient } from "@supabase/supabase-js";
import type { Config } from "../platform/config.ts";
import type { Database as Schema, Json } from "./database.types.ts";
import { ApiError, DuplicateError, isErrorCode } from "../contract/errors.ts";
import type { Scope } from "../contract/scopes.ts";

/**
 * A caller whose token is genuine: one object for all requests by that token, for as long as it is remembered. Whether the
 * key still lives, and holds its scopes, only the database knows.
 */
export type ApiKey = { id: string; token: string; scopes: string[]; expires: number };

export type Client = SupabaseClient<Schema>;
type Query<Data> = (client: Client) => PromiseLike<PostgrestSingleResponse<Data>>;
type Answer<Data> = { data: Data; count: number | null };

// Making a client costs a quarter of a request. It holds nothing but the caller's token, and goes when that is forgotten.
const clients = new WeakMap<ApiKey | Config, Client>();

function clientOf(config: Config, key: ApiKey | null): Client {
  let client = clients.get(key ?? config);
  if (!client) {
    client = createContextClient<Schema>({
      auth: { token: key?.token ?? null },
      env: config.supabase,
      supabaseOptions: clientOptions(config),
    });
    clients.set(key ?? config, client);
  }
  return client;
}

export const clientOptions = (config: Config) => ({
  // supabase-js repeats reads up to three times over seven seconds: longer than a caller should wait for a 503.
  db: { retry: false },
  global: {
    fetch: (url: RequestInfo | URL, init?: RequestInit) => fetchWithin(config.databaseTimeout, url, init),
  },
});

// supabase-js's own timeout ends with the headers of an answer; this one holds for the body too. Not AbortSignal.timeout:
// its timers outlive their requests by seconds, thousands of them under load.
async function fetchWithin(milliseconds: number, url: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), milliseconds);
  try {
    const response = await fetch(url, { ...init, signal: cut.signal });
    const text = response.body ? await response.text() : "";
    response.text = () => Promise.resolve(text);
    return response;
  } finally {
    clearTimeout(timer);
  }
}

/** The caller's own view of the database: row level security decides what it holds. Without a key, it is anon's. */
export class Database {
  readonly #client: Client;
  readonly #scope: Scope | null;
  readonly #hasKey: boolean;

  constructor(config: Config, key: ApiKey | null, scope: Scope | null, client = clientOf(config, key)) {
    this.#client = client;
    this.#scope = scope;
    this.#hasKey = key !== null;
  }

  /** The answer of one query; throws the caller's error for a refusal, 503 when the database is out of reach. */
  async ask<Data>(query: Query<Data>): Promise<Answer<Data>> {
    let answer = await query(this.#client);
    if (answer.error && wasRolledBack.has(answer.error.code)) answer = await query(this.#client);
    if (answer.error) {
      if (answer.error.code === "42501") await this.confirmScope();
      throw asApiError(answer);
    }
    return { data: answer.data, count: answer.count };
  }

  /** The rows of one query. Rows prove that the key lives and holds its scope; without any, the database is asked. */
  async rows<Row>(query: Query<Row[]>): Promise<Answer<Row[]>> {
    const answer = await this.ask(query);
    if (!Array.isArray(answer.data)) throw outOfReach(answer);
    if (answer.data.length === 0) await this.confirmScope();
    return answer;
  }

  /** The only row of one query; throws 404 when it is missing, hidden or another workspace's. */
  async row<Row>(query: Query<Row[]>): Promise<Row> {
    const { data: [row] } = await this.rows(query);
    if (row === undefined) throw missing();
    return row;
  }

  /** The object that a database function gives; throws 404 for null. */
  async object(query: Query<Json>): Promise<Record<string, unknown>> {
    const { data } = await this.ask(query);
    if (data !== null && typeof data === "object" && !Array.isArray(data)) return data;
    await this.confirmScope();
    throw missing();
  }

  /** The array that a database function gives. */
  async array(query: Query<Json>): Promise<Json[]> {
    const answer = await this.ask(query);
    if (!Array.isArray(answer.data)) throw outOfReach(answer);
    return answer.data;
  }

  /** Throws 401 when the key is dead, 403 when its row no longer holds the scope of this endpoint. */
  async confirmScope(): Promise<void> {
    if (!this.#hasKey) return;
    const answer = await this.#client.rpc("require_scope", this.#scope ? { scope: this.#scope } : {});
    if (answer.error) throw asApiError(answer);
  }
}

const outOfReach = (cause: unknown) => new ApiError("UNAVAILABLE", "The database is out of reach or busy.", { cause });
const missing = () => new ApiError("NOT_FOUND", "There is no such row in your workspace.");
const wasRolledBack = new Set(["40001", "40P01"]);
const isUnavailable = /^(|SUP|PGRST00[0-3]|08...|40...|53...|55P03|57...|58...)$/;
const isBadToken = /^PGRST30[0-3]$/;

function asApiError({ error, status }: PostgrestSingleResponse<unknown>): ApiError {
  const { code = "", message, details, hint } = error!;
  // Details of constraint violations quote the caller's data: they stay out of the log.
  const cause = { status, code, message };
  if (isErrorCode(code)) {
    const path = typeof details === "string" && details ? details : undefined;
    return new ApiError(code, message, {
      hint: hint || undefined,
      details: path ? [{ path, message }] : undefined,
      cause,
    });
  }
  if (isBadToken.test(code)) {
    return new ApiError("UNAUTHORIZED", "This API key was refused by the database.", { cause });
  }
  if (isUnavailable.test(code)) {
    return outOfReach(cause);
  }
  if (code === "23503") return missingReference(message, cause);
  if (code === "23505") return new DuplicateError({ cause });
  if (code.startsWith("22")) return new ApiError("VALIDATION_ERROR", "A value is out of range.", { cause });
  return new ApiError("INTERNAL_ERROR", "Something went wrong on our side.", { cause });
}

// Constraints are named `<table>_<field without _id>_fkey`; under row level security Postgres tells no more than the name.
function missingReference(text: string, cause: unknown): ApiError {
  const field =
    /"(?:referrals|crm_deals|crm_deal_placements|company_settings|automations|automation_actions)_(\w+)_fkey"/.exec(
      text,
    )?.[1];
  const path = field && `${field}_id`;
  const message = `${path ?? "A reference"} names no row of your workspace.`;
  return new ApiError("NOT_FOUND", message, { details: path ? [{ path, message }] : undefined, cause });
}
