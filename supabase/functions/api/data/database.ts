import type { PostgrestSingleResponse } from "@supabase/supabase-js";
import type { z } from "zod";
import type { Config } from "../platform/config.ts";
import type { Scope } from "../contract/scopes.ts";
import { type ApiKey, type Client, clientOf } from "./clients.ts";
import { asApiError, missing, outOfReach } from "./refusals.ts";

/** What is to be asked of the data API. */
export type Query<Data> = (
  client: Client,
) => PromiseLike<PostgrestSingleResponse<Data>> & { setHeader(name: string, value: string): unknown };
type Reply<Data> = { data: Data; count: number | null };

const wasRolledBack = new Set(["40001", "40P01"]);

/** The caller's own view of the database: row level security decides what it holds. Without a key, it is anon's. */
export class Database {
  readonly #client: Client;
  readonly #scope: Scope | null;
  readonly #hasKey: boolean;
  readonly #requestId: string | null;
  /** That which the caller's token names, for the planner to know; row level security decides. */
  readonly workspace: string | null;

  /** What it asks is done for the request with that id: the audit log says so. */
  constructor(
    config: Config,
    key: ApiKey | null,
    scope: Scope | null,
    requestId: string | null,
    client = clientOf(config, key),
  ) {
    this.#client = client;
    this.#scope = scope;
    this.#hasKey = key !== null;
    this.#requestId = requestId;
    this.workspace = key?.companyId ?? null;
  }

  /** What one query gives; throws the caller's error for a refusal, 503 when the database is out of reach. */
  async ask<Data>(query: Query<Data>): Promise<Reply<Data>> {
    let answer = await this.#send(query);
    if (answer.error && wasRolledBack.has(answer.error.code)) answer = await this.#send(query);
    if (answer.error) {
      if (answer.error.code === "42501") await this.confirmScope();
      throw asApiError(answer);
    }
    return { data: answer.data, count: answer.count };
  }

  /** The rows of one query. Rows prove that the key lives and holds its scope; without any, the database is asked. */
  async rows<Row>(query: Query<Row[]>): Promise<Reply<Row[]>> {
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

  /** What a database function gives, as `schema` has it; throws 503 when it is something else. */
  async value<Value>(schema: z.ZodType<Value>, query: Query<unknown>): Promise<Value> {
    const { data } = await this.ask(query);
    return read(schema, data);
  }

  /** The same, of a function that gives null for what is missing, hidden or another workspace's; throws 404 for that. */
  async found<Value>(schema: z.ZodType<Value>, query: Query<unknown>): Promise<Value> {
    const { data } = await this.ask(query);
    if (data !== null) return read(schema, data);
    await this.confirmScope();
    throw missing();
  }

  /** Throws 401 when the key is dead, 403 when its row no longer holds the scope of this endpoint. */
  async confirmScope(): Promise<void> {
    if (!this.#hasKey) return;
    const answer = await this.#send((client) => client.rpc("require_scope", this.#scope ? { scope: this.#scope } : {}));
    if (answer.error) throw asApiError(answer);
  }

  // What every call of the data API says of itself; the page audit_log reads it.
  #send<Data>(query: Query<Data>): PromiseLike<PostgrestSingleResponse<Data>> {
    const asked = query(this.#client);
    asked.setHeader("x-referrals-via", "api");
    if (this.#requestId) asked.setHeader("x-request-id", this.#requestId);
    return asked;
  }
}

function read<Value>(schema: z.ZodType<Value>, data: unknown): Value {
  const { success, data: value, error } = schema.safeParse(data);
  if (success) return value;
  // Where it differs, but not what stood there: that may be anybody's.
  throw outOfReach({ differs: error.issues.map(({ path }) => path.join(".")) });
}
