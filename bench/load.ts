import { claimsOf, connect, type Database } from "./databases.ts";
import { interleave, median, printTable, ratio } from "./measure.ts";
import { openSession } from "./session.ts";
import { perSecond } from "./stack.ts";
import { statements } from "./statements.ts";

const rounds = 7;
const connections = [1, 8, 32];
const loads = { "GET /referrals, page 1": 2_000, "POST /referrals": 400 };

/** Statements a second by size. */
export type Load = { name: string; connections: number; perSecond: number[]; ratio: string };

/** How many statements a second the database's part makes at 1, 8 and 32 connections; writes are committed. */
export async function measureLoad(databases: Database[]): Promise<Load[]> {
  await using opened = new AsyncDisposableStack();
  const places = [];
  for (const database of databases) {
    const sessions = [];
    for (let i = 0; i < Math.max(...connections); i++) {
      sessions.push(opened.use(await openSession(database.url, "api_key", claimsOf(database))));
    }
    await using own = connect(database.url);
    places.push({ database, sessions, list: await statements(own.sql, sessions[0], database.companyId) });
  }

  const found: Load[] = [];
  for (const [name, count] of Object.entries(loads)) {
    for (const clients of connections) {
      const contenders = places.map(({ database, sessions, list }) => {
        const { variants, isWrite } = list.find((statement) => statement.name === name)!;
        let next = 0;
        return async () => {
          const rate = await perSecond(
            clients,
            count,
            (client) => sessions[client].run(variants[next++ % variants.length]),
          );
          if (isWrite) await takeBack(database);
          return rate;
        };
      });
      const measured = await interleave(rounds, Object.fromEntries(contenders.map((contender, at) => [at, contender])));
      const rates = places.map((_, at) => measured[at]);
      found.push({
        name,
        connections: clients,
        perSecond: rates.map((values) => median(values)),
        ratio: ratio(rates.at(-1)!, rates[0]).text,
      });
    }
  }
  return found;
}

/** Undoes what was created, and its events, so that every round begins alike. */
async function takeBack({ url, keyId }: Database): Promise<void> {
  await using own = connect(url);
  await own.sql`delete from referrals where created_by = ${keyId} and created_at > now() - interval '10 minutes'`;
  await own.sql`delete from private.events where fanned_out_at is null`;
  await own.sql`vacuum referrals, private.events`;
}

export function printLoad(sizes: number[], loads: Load[]): void {
  console.log(`The database's part at so many referrals, per second: median of ${rounds} rounds`);
  printTable(
    ["statement", "connections", ...sizes.map(String), "last to first"],
    loads.map(({ name, connections, perSecond, ratio }) => [
      name,
      String(connections),
      ...perSecond.map((rate) => rate.toFixed(0)),
      ratio,
    ]),
  );
}
