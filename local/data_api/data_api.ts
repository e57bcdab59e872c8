import { App, RelationNotFoundError } from "@supabase/lite";
import { createPostgresConnection, type PostgresConnection } from "@supabase/lite/postgres";
import postgres from "postgres";
import { createPool, type Pool } from "./pool.ts";
import { Refusal } from "../refusal.ts";
import type { Secrets } from "../secrets.ts";
import { isLostConnection, Session } from "../postgres/session.ts";

export interface DataApi {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

export interface DataApiOptions {
  /** Reads the catalogue: `authenticator` is shown the tables of none of the roles it may become. */
  superuserUrl: string;
  /** Answers the requests: as `authenticator`, which can only become what the platform grants it. */
  authenticatorUrl: string;
  secrets: Secrets;
}

/** Serves `/rest/v1` as PostgREST would, on the schema as it is now. */
export async function startDataApi(options: DataApiOptions): Promise<DataApi> {
  const { secrets } = options;
  const { catalogue, settings, texts } = await readDatabase(options.superuserUrl);
  const connection = createPostgresConnection({
    url: options.authenticatorUrl,
    schemaCache: {
      get: () => Promise.resolve(catalogue),
      set: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    },
    postgresOptions: {
      connection: { options: settings.map((setting) => `-c ${setting}`).join(" ") },
      onnotice: () => {},
      types: { json: asText(114), jsonb: asText(3802) },
    },
  });
  keepGrants(connection);
  const pool = await replacePool(connection);
  hushRefusals();

  const app = new App({
    connection,
    api: { enabled: true, schemas: ["public"], max_rows: 1000 },
    auth: {
      enabled: true,
      jwt_secret: secrets.jwtSecret,
      publishable_key: secrets.publishableKey,
      secret_key: secrets.secretKey,
    },
    options: {
      server: {
        disableStudio: true,
        middlewares: [async (c, next) => {
          // Keys are not users: without this it would look a token's `sub` up in `auth.users`, before verifying it anyway.
          if (c.req.header("authorization")?.startsWith("Bearer ey")) {
            c.set("userId", "unverified");
            c.set("sessionId", "unverified");
          }
          await next();
        }],
      },
    },
  });
  const api = { fetch: answer, close: () => pool.close() };
  // The first request takes a few hundred milliseconds more than the next.
  const headers = { apikey: secrets.secretKey };
  const first = await api.fetch(new Request("http://localhost/rest/v1/companies?limit=1", { headers }));
  if (!first.ok) {
    await api.close();
    throw new Refusal(`The data API cannot read the database as authenticator: ${await first.text()}`);
  }
  return api;

  async function answer(request: Request): Promise<Response> {
    const response = await app.fetch(withTexts(countExactly(request), texts));
    if (response.status >= 500) {
      console.error(`Data API: ${request.method} ${request.url}: ${await response.clone().text()}`);
    }
    return response;
  }
}

interface Database {
  catalogue: string;
  /** Of keys' role, as `name=value`. */
  settings: string[];
  /** The columns of text, as `table.column`. */
  texts: Set<string>;
}

async function readDatabase(superuserUrl: string): Promise<Database> {
  const connection = createPostgresConnection({ url: superuserUrl, postgresOptions: { onnotice: () => {} } });
  try {
    const catalogue = JSON.stringify(await connection.introspect());
    // PostgREST applies the settings of a role that it becomes; this does not, so they are its connections' settings.
    const roles = await connection.driver<{ settings: string[] | null }[]>`
      select rolconfig as settings from pg_roles where rolname = 'api_key'
    `;
    const columns = await connection.driver<{ name: string }[]>`
      select table_name || '.' || column_name as name
      from information_schema.columns
      where table_schema = 'public' and data_type = 'text'
    `;
    return {
      catalogue,
      settings: roles.flatMap(({ settings }) => settings ?? []),
      texts: new Set(columns.map(({ name }) => name)),
    };
  } finally {
    await connection.close();
  }
}

/** It takes `true`, `null`, `1e3` and the like for what they spell, unless they are quoted; PostgREST asks the column's type. */
function withTexts(request: Request, texts: Set<string>): Request {
  const url = new URL(request.url);
  const table = url.pathname.split("/").at(-1);
  const asked = [...url.searchParams];
  const quoted = asked.map(([name, condition]) => [
    name,
    texts.has(`${table}.${name}`) ? condition.replace(/^((?:not\.)?n?eq\.)(.*)$/s, '$1"$2"') : condition,
  ]);
  if (quoted.every(([, condition], at) => condition === asked[at][1])) return request;
  url.search = String(new URLSearchParams(quoted));
  return new Request(url, request);
}

// It hands the JSON arguments of functions over as text, which postgres.js would quote once more.
const asText = (oid: number): postgres.PostgresType => ({
  to: oid,
  from: [oid],
  serialize: (value: unknown) => typeof value === "string" ? value : JSON.stringify(value),
  parse: (text: string) => JSON.parse(text),
});

/** Its first request would grant everything to `anon` and `authenticated`: it is told that this has been done. */
function keepGrants(connection: PostgresConnection): void {
  if (Reflect.get(connection, "rlsState") !== "unknown") {
    throw new Error("@supabase/lite has changed: rlsState is gone.");
  }
  Reflect.set(connection, "rlsState", "active");
}

/** Has it borrow its connections from a pool that outlives a crash of the database. */
async function replacePool({ driver }: PostgresConnection): Promise<Pool> {
  // The first connection asks for the array types, for all: see openSession.
  await driver`select 1`;
  await driver.end();
  const options: object = { ...driver.options, fetch_types: false };
  const pool = createPool(() => new Session((own) => postgres({ ...options, ...own })));
  Reflect.set(driver, "reserve", async () => {
    const { session, release } = await pool.reserve();
    return {
      release,
      unsafe: (text: string, parameters: never[]) =>
        session.run((sql) => sql.unsafe(text, parameters)).catch((error) => {
          throw isLostConnection(error) ? new OutOfReach(error) : error;
        }),
    };
  });
  return pool;
}

/** What PostgREST answers without a database, in the form of a refusal by the database's own `raise sqlstate 'PGRST'`. */
class OutOfReach extends Error {
  readonly code = "PGRST";
  readonly detail = JSON.stringify({ status: 503, headers: {} });

  constructor(cause: Error) {
    const message = "Database connection error. Retrying the connection.";
    super(JSON.stringify({ code: "PGRST001", message, details: cause.message, hint: null }), { cause });
  }
}

/** It prints every error that it answers, a caller's typing mistake too, with a stack. */
function hushRefusals(): void {
  const print = console.error;
  const answered = [postgres.PostgresError, RelationNotFoundError, OutOfReach];
  console.error = (...values) => {
    if (!answered.some((type) => values[0] instanceof type)) print(...values);
  };
}

/** PostgREST's `estimated` is exact up to `max_rows`; the one here is always the planner's guess. */
function countExactly(request: Request): Request {
  const prefer = request.headers.get("prefer");
  if (!prefer?.includes("count=estimated")) return request;
  const headers = new Headers(request.headers);
  headers.set("prefer", prefer.replace("count=estimated", "count=exact"));
  return new Request(request.url, { method: request.method, headers, body: request.body });
}
