import { claimsOf, connect, type Database, named, type Place } from "./databases.ts";
import { interleave, median, printTable, ratio } from "./measure.ts";
import { openSession, type Session } from "./session.ts";
import { perSecond } from "./stack.ts";

const rounds = 7;
const connections = [1, 8, 32];
const loads = { "GET /referrals, page 1": 2_000, "POST /referrals of an unknown friend": 400 };

/** Statements a second by size. */
export type Load = { name: string; connections: number; perSecond: number[]; ratio: string };

/** How many statements a second the database's part makes at 1, 8 and 32 connections; writes are committed. */
export async function measureLoad(places: Place[]): Promise<Load[]> {
  await using opened = new AsyncDisposableStack();
  const sessions: Session[][] = [];
  for (const { database } of places) {
    const own: Session[] = [];
    for (let i = 0; i < Math.max(...connections); i++) {
      own.push(opened.use(await openSession(database.url, "api_key", claimsOf(database))));
    }
    sessions.push(own);
  }

  const found: Load[] = [];
  for (const [name, count] of Object.entries(loads)) {
    for (const clients of connections) {
      const contenders = places.map((place, at) => {
        const { variants, isWrite } = named(place, name);
        let next = 0;
        return async () => {
          const rate = await perSecond(
            clients,
            count,
            (client) => sessions[at][client].run(variants[next++ % variants.length]),
          );
          if (isWrite) await takeBack(place.database);
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
