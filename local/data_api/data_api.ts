import { App, RelationNotFoundError } from "@supabase/lite";
import { createPostgresConnection, type PostgresConnection } from "@supabase/lite/postgres";
import postgres from "postgres";
import { Refusal } from "../refusal.ts";
import type { Secrets } from "../secrets.ts";
import { readCatalogue } from "./catalogue.ts";
import { lendFrom } from "./lending.ts";
import { asPostgrestSays, Refused } from "./refused.ts";
import { keepSettings } from "./settings.ts";
import { quoteTexts } from "./text_filters.ts";
import { answered, prepareTransactions } from "./transactions.ts";

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

const mostRows = 1000;

/** Serves `/rest/v1` as PostgREST would, on the schema as it is now. */
export async function startDataApi(options: DataApiOptions): Promise<DataApi> {
  const { secrets } = options;
  const { catalogue, texts, readers } = await readCatalogue(options.superuserUrl);
  const connection = createPostgresConnection({
    url: options.authenticatorUrl,
    schemaCache: {
      get: () => Promise.resolve(catalogue),
      set: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    },
    postgresOptions: { onnotice: () => {}, types: { json: asText(114), jsonb: asText(3802) } },
  });
  keepGrants(connection);
  connection.normalizeDbError = asPostgrestSays;
  const pool = await lendFrom(connection, mostRows);
  const settings = await keepSettings(options.superuserUrl);
  prepareTransactions(connection, () => settings.current, readers);
  hushRefusals();

  const app = new App({
    connection,
    api: { enabled: true, schemas: ["public"], max_rows: mostRows },
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
  const api = { fetch: answer, close };
  // The first request takes a few hundred milliseconds more than the next.
  const headers = { apikey: secrets.secretKey };
  const first = await api.fetch(new Request("http://localhost/rest/v1/companies?limit=1", { headers }));
  if (!first.ok) {
    await api.close();
    throw new Refusal(`The data API cannot read the database as authenticator: ${await first.text()}`);
  }
  return api;

  async function answer(request: Request): Promise<Response> {
    const response = await answered.run(request, () => app.fetch(quoteTexts(request, texts)));
    if (response.status >= 500) {
      console.error(`Data API: ${request.method} ${request.url}: ${await response.clone().text()}`);
    }
    return response;
  }

  async function close(): Promise<void> {
    await Promise.all([pool.close(), settings.stop()]);
  }
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

/** It prints every error that it answers, a caller's typing mistake too, with a stack. */
function hushRefusals(): void {
  const print = console.error;
  const refusals = [postgres.PostgresError, RelationNotFoundError, Refused];
  console.error = (...values) => {
    if (!refusals.some((type) => values[0] instanceof type)) print(...values);
  };
}
