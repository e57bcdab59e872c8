import postgres from "postgres";
import type { Stack } from "../../local/stack.ts";
import { type Budgets, mintKey } from "../../operator/mint.ts";
import { type Signing, symmetricSigning } from "../../operator/signing.ts";
import { assertEquals } from "@std/assert";

type Handed = Omit<Stack, "signing" | "stop"> & { signing: { alg: "HS256"; kid: string; secret: string } };

const handed = Deno.env.get("TEST_STACK");
if (!handed) throw new Error("The tests need a stack of their own: run them by `deno task test [file]`.");

/** More than any test asks for; those of budgets mint keys of their own. */
export const budgets = { perMinute: 900_000, perDay: 90_000_000 };

/** The running stack that these tests call. */
export const stack: Handed = JSON.parse(handed);
export const signing: Signing = symmetricSigning(stack.signing.secret, stack.signing.kid);

/** The database as role `postgres`, the owner of all: to set the scene and to look behind it. Opened before any test runs. */
export const sql = postgres(stack.databaseUrl, { max: 4, onnotice: () => {}, transform: { undefined: null } });
await sql`select 1`;

// deno-lint-ignore no-explicit-any -- the tests look into JSON of every shape; what they find they assert
export type Json = any;

export type Reply = { status: number; headers: Headers; text: string; body: Json; data: Json; error: Json };
type Options = { headers?: Record<string, string>; token?: string | null; raw?: BodyInit; once?: boolean };

/** One HTTP call of the API; `path` is below the base URL. */
export async function call(method: string, path: string, body?: unknown, options: Options = {}): Promise<Reply> {
  return await request(stack.apiUrl + path, method, body, {
    ...(options.token && { authorization: `Bearer ${options.token}` }),
    ...options.headers,
  }, options.raw);
}

/** One HTTP call of the data API, around the function; `path` is below `/rest/v1`. Who has all slots in use tries again. */
export async function rest(method: string, path: string, body?: unknown, options: Options = {}): Promise<Reply> {
  const headers = {
    apikey: stack.publishableKey,
    ...(options.token && { authorization: `Bearer ${options.token}` }),
    ...options.headers,
  };
  for (;;) {
    const reply = await request(stack.restUrl + path, method, body, headers, options.raw);
    if (reply.body?.details !== "concurrent_statements" || options.once) return reply;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function request(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string>,
  raw?: BodyInit,
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    redirect: "manual",
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  const parsed = isJson && text ? JSON.parse(text) : undefined;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: parsed,
    data: parsed?.data,
    error: parsed?.error,
  };
}

/** Somebody who works in a workspace and holds an API key of it. */
export class Person {
  constructor(readonly companyId: string, readonly keyId: string, readonly token: string) {}

  get = (path: string, options?: Options) => this.#call("GET", path, undefined, options);
  post = (path: string, body?: unknown, options?: Options) => this.#call("POST", path, body, options);
  patch = (path: string, body?: unknown, options?: Options) => this.#call("PATCH", path, body, options);
  delete = (path: string, options?: Options) => this.#call("DELETE", path, undefined, options);

  /** The same call around the function, straight to the data API. */
  rest = (method: string, path: string, body?: unknown, options?: Options) =>
    rest(method, path, body, { token: this.token, ...options });

  /** `data` of a read that must succeed. */
  async gets(path: string): Promise<Json> {
    const reply = await this.get(path);
    assertEquals(reply.status, 200, reply.text);
    return reply.data;
  }

  /** `data` of a create that must succeed. */
  async creates(path: string, body: unknown): Promise<Json> {
    const reply = await this.post(path, body);
    assertEquals(reply.status, 201, reply.text);
    return reply.data;
  }

  /** `data` of a change that must succeed. */
  async changes(path: string, body: unknown): Promise<Json> {
    const reply = await this.patch(path, body);
    assertEquals(reply.status, 200, reply.text);
    return reply.data;
  }

  /** The same person with another key of the workspace, that holds `scopes` only. */
  async holding(...scopes: string[]): Promise<Person> {
    return await this.#with({ name: scopes.join(" ").slice(0, 200), scopes, budgets });
  }

  /** The same person with another key of the workspace, that may do everything within these budgets. */
  async within(budgets: Budgets, ...scopes: string[]): Promise<Person> {
    return await this.#with({ name: "Budgeted", scopes: scopes.length > 0 ? scopes : ["admin"], budgets });
  }

  async #with(key: { name: string; scopes: string[]; budgets: Budgets }): Promise<Person> {
    const { id, token } = await mintKey(sql, signing, { companyId: this.companyId, ...key });
    return new Person(this.companyId, id, token);
  }

  #call(method: string, path: string, body: unknown, options?: Options) {
    return call(method, path, body, { token: this.token, ...options });
  }
}

/** A fresh workspace, and a person in it whose key holds `scopes`. */
export async function workspace(name: string, ...scopes: string[]): Promise<Person> {
  const [{ id: companyId }] = await sql`insert into companies (name, country) values (${name}, 'AU') returning id`;
  const { id, token } = await mintKey(sql, signing, {
    companyId,
    name,
    scopes: scopes.length > 0 ? scopes : ["admin"],
    budgets,
  });
  return new Person(companyId, id, token);
}

/** Two fresh workspaces that know nothing of each other: Alice's, who may do everything in hers, and Bob's likewise. */
export async function world(): Promise<{ alice: Person; bob: Person }> {
  const [alice, bob] = await Promise.all([workspace("Alice's clinic"), workspace("Bob's brokers")]);
  return { alice, bob };
}

/** A contact, an opportunity of theirs and the referral that brought it, each a row as the API shows it. */
export async function chain(
  person: Person,
): Promise<{ referrer: Json; friend: Json; opportunity: Json; referral: Json }> {
  const [referrer, friend] = await Promise.all([
    person.creates("/contacts", {
      first_name: "Rita",
      last_name: "Referrer",
      email: `rita-${crypto.randomUUID()}@example.com`,
    }),
    person.creates("/contacts", {
      first_name: "Fred",
      last_name: "Friend",
      email: `fred-${crypto.randomUUID()}@example.com`,
    }),
  ]);
  const opportunity = await person.creates("/opportunities", { name: "Fred's knee", contact_id: friend.id });
  const referral = await person.creates("/referrals", {
    referrer_contact_id: referrer.id,
    referred_contact_id: friend.id,
    referred_deal_id: opportunity.id,
    notes: "Met at the gym",
  });
  return { referrer, friend, opportunity, referral };
}

/** Waits until `condition` gives something truthy, and gives that; throws after `seconds`. */
export async function eventually<T>(condition: () => T | Promise<T>, seconds = 10): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`Not true after ${seconds} s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Has the operator let the person's workspace have so many of something. */
export const allow = async ({ companyId }: Person, name: string, value: number): Promise<void> =>
  void await sql`
    insert into private.workspace_limits values (${companyId}, ${name}, ${value})
    on conflict (company_id, name) do update set value = excluded.value
  `;
