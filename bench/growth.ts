import postgres from "postgres";
import { migrate } from "../local/migrations.ts";
import { defaults } from "../local/options.ts";
import { claimPort } from "../local/ports.ts";
import { startPostgres } from "../local/postgres.ts";
import { removeData } from "../local/postgres_home.ts";
import { drift, fill, type Filled } from "./generator.ts";
import { interleave, median, printTable } from "./measure.ts";
import { openSession, type Session } from "./session.ts";
import { type NamedStatement, statements } from "./statements.ts";

const rounds = 9;
const sizes = [1_000, 100_000, 1_000_000];
/** What counts as no growth: this many times, or this many milliseconds more. */
const [mostTimes, mostMore] = [1.3, 0.2];

export interface Database extends Filled {
  size: number;
  url: string;
}

/** Milliseconds by size, as median and 95th percentile. */
export type Measured = { name: string; judged: boolean; median: number[]; p95: number[]; grows: boolean };
export type Results = { sizes: number[]; statements: Measured[] };

/** Whether anything on a request's path grows with the rows: every statement of the API on databases of three sizes. */
export async function growth({ json }: { json?: string } = {}): Promise<void> {
  await using databases = await makeDatabases(sizes);
  const results = { sizes, statements: await measureStatements(databases.made) };
  printStatements(results);
  if (json) await Deno.writeTextFile(json, JSON.stringify(results, null, 2));
}

/** Databases of these sizes beside each other in one embedded PostgreSQL, made from one that is migrated. */
export async function makeDatabases(sizes: number[]) {
  const started = new AsyncDisposableStack();
  const data = await Deno.makeTempDir({ prefix: "referrals-growth-" });
  started.defer(() => removeData(data));
  const server = await startPostgres(data, claimPort(0, "--db-port"), true);
  started.defer(() => server.stop());
  await migrate(server.superuserUrl, defaults.supabase);
  const made: Database[] = [];
  for (const size of sizes) made.push(await makeDatabase(server.superuserUrl, size));
  return { made, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

async function makeDatabase(template: string, size: number): Promise<Database> {
  const start = performance.now();
  const name = `referrals_${size}`;
  const url = new URL(template);
  url.pathname = `/${name}`;
  await using admin = connect(template);
  // It only measures: what a checkpoint or a vacuum does meanwhile is not asked.
  await admin.sql.unsafe(`alter system set max_wal_size = '8GB'`);
  await admin.sql.unsafe(`alter system set autovacuum = off`);
  await admin.sql`select pg_reload_conf()`;
  await admin.sql.unsafe(`create database ${name} template postgres`);
  await using own = connect(url.href);
  const filled = await fill(own.sql, size, true);
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  const differences = await drift(own.sql);
  if (differences.length > 0) throw new Error(`The generator is wrong: ${JSON.stringify(differences[0])}`);
  console.log(`${size} referrals in ${seconds} s, nothing maintained differs from a recompute`);
  return { ...filled, size, url: url.href };
}

const connect = (url: string) => {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  return { sql, [Symbol.asyncDispose]: () => sql.end() };
};

/** Times each statement on all databases in turns; before the first round each has run often enough for its final plan. */
export async function measureStatements(databases: Database[]): Promise<Measured[]> {
  const places = await Promise.all(databases.map(place));
  const found: Measured[] = [];
  for (const { name, judged, isWrite } of places[0].list) {
    const times = places.map(() => [] as number[]);
    const timed = places.map(({ list, session }, at) => {
      const statement = list.find((other) => other.name === name);
      if (!statement) throw new Error(`Not every database has ${name}.`);
      const { variants, role } = statement;
      let next = 0;
      const once = () => session(role).time(variants[next++ % variants.length], isWrite);
      return async () => {
        const own: number[] = [];
        // The first eight make the plan that stays; what is slow needs no more than one.
        const start = performance.now();
        for (let i = 0; i < (next < 8 ? 8 : 5) && performance.now() - start < 50; i++) own.push(await once());
        times[at].push(...own);
        return median(own);
      };
    });
    const measured = await interleave(rounds, Object.fromEntries(timed.map((time, at) => [at, time])));
    const medians = places.map((_, at) => median(measured[at]));
    found.push({
      name,
      judged,
      median: medians,
      p95: times.map((own) => own.toSorted((a, b) => a - b)[Math.floor(own.length * 0.95)]),
      grows: medians.at(-1)! > Math.max(medians[0] * mostTimes, medians[0] + mostMore),
    });
  }
  for (const { end } of places) await end();
  return found;
}

async function place({ url, companyId, keyId }: Database) {
  const claims = { sub: keyId, company_id: companyId, scopes: ["admin"] };
  const sessions: Record<string, Session> = {};
  for (const role of ["api_key", "anon", "service_role"] as const) {
    sessions[role] = await openSession(url, role, claims);
  }
  await using own = connect(url);
  const list = await statements(own.sql, sessions.api_key, companyId);
  const end = async () => {
    for (const session of Object.values(sessions)) await session[Symbol.asyncDispose]();
  };
  return { list, session: (role: NamedStatement["role"]) => sessions[role], end };
}

export function printStatements({ sizes, statements }: Results): void {
  console.log(`Statements of the API, in ms: median of ${rounds} rounds (95th percentile)`);
  printTable(
    ["statement", ...sizes.map(String), "last against first", `at most ${mostTimes} times or ${mostMore} ms more`],
    statements.map(({ name, judged, median, p95, grows }) => [
      name,
      ...median.map((value, at) => `${value.toFixed(2)} (${p95[at].toFixed(2)})`),
      (median.at(-1)! / median[0]).toFixed(2),
      judged ? grows ? "MISSED" : "met" : grows ? "reported" : "",
    ]),
  );
}
