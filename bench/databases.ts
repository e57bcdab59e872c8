import postgres from "postgres";
import { migrate } from "../local/postgres/migrations.ts";
import { defaults } from "../local/options.ts";
import { claimPort } from "../local/ports.ts";
import { startPostgres } from "../local/postgres/server.ts";
import { removeData } from "../local/postgres/home.ts";
import { drift, fill, type Filled } from "./generator.ts";
import { openSession } from "./session.ts";
import { type NamedStatement, statements } from "./statements.ts";

export interface Database extends Filled {
  /** How many referrals it was made with. */
  size: number;
  /** As a superuser. */
  url: string;
}

/** A database and the statements that the API sends for the workspace that has half of it. */
export interface Place {
  database: Database;
  list: NamedStatement[];
}

export async function placeOf(database: Database): Promise<Place> {
  await using session = await openSession(database.url, "api_key", claimsOf(database));
  await using own = connect(database.url);
  return { database, list: await statements(own.sql, session, database.companyId) };
}

/** The statement of that name. */
export function named({ list, database }: Place, name: string): NamedStatement {
  const found = list.find((statement) => statement.name === name);
  if (!found) throw new Error(`There is no ${name} at ${database.size} referrals.`);
  return found;
}

export const connect = (url: string, most = 1) => {
  const sql = postgres(url, { max: most, onnotice: () => {} });
  return { sql, [Symbol.asyncDispose]: () => sql.end() };
};

/** Whose statements are measured: a key of the workspace that has half of a database. */
export const claimsOf = ({ keyId, companyId }: Database, role: NamedStatement["role"] = "api_key") => ({
  role,
  sub: keyId,
  company_id: companyId,
  scopes: ["admin"],
});

/** Databases of these sizes beside each other in one embedded PostgreSQL, copies of one that is migrated. */
export async function makeDatabases(sizes: number[], workspaces?: number) {
  const started = new AsyncDisposableStack();
  const data = await Deno.makeTempDir({ prefix: "referrals-growth-" });
  started.defer(() => removeData(data));
  const port = claimPort(0, "--db-port");
  const draft = await startPostgres(data, port, true);
  {
    await using admin = connect(draft.superuserUrl);
    // As who has a million rows sets it; by default it is 128 MB, less than the indexes that one write goes into.
    await set(admin.sql, { shared_buffers: "2GB" });
  }
  await draft.stop();
  const server = await startPostgres(data, port, false);
  started.defer(() => server.stop());
  await migrate(server.superuserUrl, defaults.supabase);
  const databases: Database[] = [];
  for (const size of sizes) databases.push(await makeDatabase(server.superuserUrl, size, workspaces));
  return { databases, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

async function makeDatabase(template: string, size: number, workspaces?: number): Promise<Database> {
  const start = performance.now();
  const name = `referrals_${size}`;
  const url = new URL(template);
  url.pathname = `/${name}`;
  await using admin = connect(template);
  // A checkpoint or a vacuum amid the measuring is no part of what is asked; and the filling need not survive a crash.
  await set(admin.sql, { max_wal_size: "8GB", autovacuum: "off", full_page_writes: "off" });
  await admin.sql.unsafe(`create database ${name} template postgres owner postgres`);
  await using own = connect(url.href);
  const filled = await fill(own.sql, size, workspaces);
  await set(admin.sql, { full_page_writes: "on" });
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  const differences = await drift(own.sql);
  if (differences.length > 0) throw new Error(`The generator is wrong: ${JSON.stringify(differences[0])}`);
  console.log(`${size} referrals made in ${seconds} s; of what is maintained nothing differs from a recompute.`);
  return { ...filled, size, url: url.href };
}

async function set(sql: postgres.Sql, settings: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) await sql.unsafe(`alter system set ${name} = '${value}'`);
  await sql`select pg_reload_conf()`;
}
