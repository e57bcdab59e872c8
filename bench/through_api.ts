import { startStack } from "../local/stack.ts";
import { mintKey } from "../operator/mint.ts";
import { connect, type Database } from "./databases.ts";
import { interleave, median, printTable } from "./measure.ts";
import { scene } from "./scene.ts";

const rounds = 7;

/** Milliseconds of a request by size. */
export type Asked = { name: string; median: number[] };

type Ask = (method: string, path: string, body?: unknown) => Promise<Record<string, string>>;

/**
 * Some requests through the whole embedded stack, one at a time. Its data API counts a list's rows one by one, where PostgREST
 * stops at a thousand: its lists grow.
 */
export async function measureApi(databases: Database[]): Promise<Asked[]> {
  await using started = new AsyncDisposableStack();
  const places: Record<string, () => Promise<unknown>>[] = [];
  for (const { url, companyId } of databases) {
    const data = await Deno.makeTempDir({ prefix: "referrals-growth-" });
    started.defer(() => Deno.remove(data, { recursive: true }));
    const stack = await startStack({ port: 0, databaseUrl: url, data });
    started.defer(() => stack.stop());
    await using own = connect(url);
    const budgets = { perMinute: 900_000, perDay: 90_000_000 };
    const { token } = await mintKey(own.sql, stack.signing, { companyId, name: "Bench", scopes: ["admin"], budgets });
    const rows = await scene(own.sql, companyId);
    places.push(requests(asker(stack.apiUrl, token), rows));
  }

  const found: Asked[] = [];
  for (const name of Object.keys(places[0])) {
    const contenders = places.map((place) => async () => {
      const times: number[] = [];
      for (let i = 0; i < 5; i++) {
        const start = performance.now();
        await place[name]();
        times.push(performance.now() - start);
      }
      return median(times);
    });
    const measured = await interleave(rounds, Object.fromEntries(contenders.map((contender, at) => [at, contender])));
    found.push({ name, median: places.map((_, at) => median(measured[at])) });
  }
  return found;
}

function requests(ask: Ask, rows: Record<string, string | string[]>): Record<string, () => Promise<unknown>> {
  let next = 0;
  const some = (kind: string) => rows[kind][next++ % rows[kind].length];
  return {
    "GET /referrals": () => ask("GET", "/referrals"),
    "GET /referrals?referrer_contact_id={referrer}": () =>
      ask("GET", `/referrals?referrer_contact_id=${rows.referrer}`),
    "GET /referrals/leaderboard": () => ask("GET", "/referrals/leaderboard"),
    "GET /referrals/{referrals}": () => ask("GET", `/referrals/${some("referrals")}`),
    "GET /opportunities/{deals}?expand=referrer": () => ask("GET", `/opportunities/${some("deals")}?expand=referrer`),
    "PATCH /contacts/{contacts}": () => ask("PATCH", `/contacts/${some("contacts")}`, { job_title: "GP" }),
    "POST /referrals, then DELETE": async () => {
      const { id } = await ask("POST", "/referrals", {
        referrer_contact_id: some("contacts"),
        referred_deal_id: some("deals"),
      });
      await ask("DELETE", `/referrals/${id}`);
    },
  };
}

function asker(apiUrl: string, token: string): Ask {
  return async (method, path, body) => {
    const reply = await fetch(apiUrl + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path} answered ${reply.status}: ${text}`);
    return text && JSON.parse(text).data;
  };
}

export function printApi(sizes: number[], asked: Asked[]): void {
  console.log(`Through the embedded stack at so many referrals, in ms: median of ${rounds} rounds`);
  printTable(
    ["request", ...sizes.map(String), "last to first"],
    asked.map(({ name, median }) => [
      name,
      ...median.map((value) => value.toFixed(1)),
      (median.at(-1)! / median[0]).toFixed(2),
    ]),
  );
}
