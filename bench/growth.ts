import { claimsOf, makeDatabases, named, type Place, placeOf } from "./databases.ts";
import { type Load, measureLoad, printLoad } from "./load.ts";
import { interleave, median, printTable, ratio } from "./measure.ts";
import { printProfile, profile, type Profiled } from "./profile.ts";
import { openSession, type Session } from "./session.ts";
import type { NamedStatement } from "./statements.ts";
import { type Asked, measureApi, printApi } from "./through_api.ts";

const rounds = 11;
/** Of a round; more than the six after which a prepared statement has its final plan. */
const samples = 12;
/** What counts as no growth: so many times, or so many milliseconds more. */
const [mostTimes, mostMore] = [1.3, 0.2];

/** Milliseconds by size, as median and 95th percentile, and how many times the first the last is. */
export type Measured = {
  name: string;
  judged: boolean;
  median: number[];
  p95: number[];
  times: number;
  grows: boolean;
};
export type Results = { sizes: number[]; statements: Measured[]; load: Load[]; api: Asked[]; profile: Profiled[] };

/** Whether anything on a request's path grows with the rows: all that the API asks of databases of three sizes. */
export async function growth(options: { json?: string; sizes?: string } = {}): Promise<void> {
  const { json, sizes: wanted = "1000,100000,1000000" } = options;
  const sizes = wanted.split(",").map(Number);
  await using made = await makeDatabases(sizes);
  const { databases } = made;
  const places: Place[] = [];
  for (const database of databases) places.push(await placeOf(database));
  const statements = await measureStatements(places);
  // A core that others slow down makes curves too: what misses is measured once more, on new connections and for longer.
  const missed = statements.filter(({ judged, grows }) => judged && grows).map(({ name }) => name);
  for (const again of await measureStatements(places, missed, 3 * rounds)) {
    statements[statements.findIndex(({ name }) => name === again.name)] = again;
  }
  printStatements({ sizes, statements });
  if (missed.length > 0) console.log(`Measured once more, in ${3 * rounds} rounds: ${missed.join("; ")}\n`);
  const profiled = await profile(places.at(-1)!);
  printProfile(profiled);
  const load = await measureLoad(places);
  printLoad(sizes, load);
  const api = await measureApi(databases);
  printApi(sizes, api);
  const results: Results = { sizes, statements, profile: profiled, load, api };
  if (json) await Deno.writeTextFile(json, JSON.stringify(results, null, 2));
}

/**
 * Times all statements, or those named, on all databases in turns; before the first of them each has run often enough for its
 * final plan.
 */
async function measureStatements(places: Place[], names?: string[], turns = rounds): Promise<Measured[]> {
  await using opened = new AsyncDisposableStack();
  const sessions: Record<NamedStatement["role"], Session>[] = [];
  for (const { database } of places) {
    const open = async (role: NamedStatement["role"]) =>
      opened.use(await openSession(database.url, role, claimsOf(database, role)));
    sessions.push({
      api_key: await open("api_key"),
      anon: await open("anon"),
      service_role: await open("service_role"),
    });
  }

  const found: Measured[] = [];
  for (const { name, judged, isWrite } of places[0].list) {
    if (names && !names.includes(name)) continue;
    const samplesOf = places.map(() => [] as number[]);
    const contenders = places.map((place, at) => {
      const { variants, role } = named(place, name);
      let next = 0;
      return async () => {
        const own: number[] = [];
        // What is slow needs no more than one.
        const start = performance.now();
        for (let i = 0; i < samples && performance.now() - start < 50; i++) {
          own.push(await sessions[at][role].time(variants[next++ % variants.length], isWrite));
        }
        samplesOf[at].push(...own);
        return median(own);
      };
    });
    const measured = await interleave(turns, Object.fromEntries(contenders.map((contender, at) => [at, contender])));
    const medians = places.map((_, at) => median(measured[at]));
    // Round by round: the machine is at times faster than at others.
    const [least, most] = [measured[0], measured[places.length - 1]];
    const times = ratio(most, least).middle;
    const more = median(most.map((value, round) => value - least[round]));
    found.push({
      name,
      judged,
      median: medians,
      p95: samplesOf.map((own) => own.toSorted((a, b) => a - b)[Math.floor(own.length * 0.95)]),
      times,
      grows: times > mostTimes && more > mostMore,
    });
  }
  return found;
}

function printStatements({ sizes, statements }: Pick<Results, "sizes" | "statements">): void {
  console.log(`The API's statements at so many referrals, in ms: median of ${rounds} rounds (95th percentile)`);
  printTable(
    ["statement", ...sizes.map(String), "last to first", `at most ${mostTimes} times, or ${mostMore} ms more`],
    statements.map(({ name, judged, median, p95, times, grows }) => [
      name,
      ...median.map((value, at) => `${value.toFixed(2)} (${p95[at].toFixed(2)})`),
      times.toFixed(2),
      judged ? grows ? "MISSED" : "met" : grows ? "reported: grows" : "",
    ]),
  );
}
