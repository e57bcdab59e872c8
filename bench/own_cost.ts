import { cannedKey } from "./canned_key.ts";
import { atMost, interleave, median, printTable, ratio } from "./measure.ts";
import { startServer } from "./process.ts";

const rounds = 11;
const calls = 300;

/** What the API itself costs: a request that the data API answers at once, against an empty route of the same server. */
export async function ownCost(): Promise<void> {
  await using dataApi = await startServer("canned_data_api.ts");
  const { token, environment } = await cannedKey(dataApi.firstLine);
  await using server = await startServer("api_server.ts", environment);
  const referrals = `${server.firstLine}/api/v1/referrals`;
  const headers = { authorization: `Bearer ${token}` };
  const body = JSON.stringify({
    referrer_contact_id: "00000000-0000-4000-8000-000000000101",
    referred_deal_id: "00000000-0000-4000-8000-000000000502",
    category: "MRI",
    notes: "Met at the open day",
  });

  const measured = await interleave(rounds, {
    "empty route": () => latency(`${server.firstLine}/empty`, 200),
    "GET /referrals": () => latency(referrals, 200, { headers }),
    "POST /referrals": () =>
      latency(referrals, 201, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body }),
    "canned data API alone": () => latency(`${dataApi.firstLine}/rest/v1/referrals`, 200),
  });

  console.log(`The API's own cost: ${rounds} rounds of ${calls} requests, one at a time; 20 rows a page`);
  const base = measured["empty route"];
  printTable(
    ["request", "median ms", "over the empty route", "target"],
    Object.entries(measured).map(([name, values]) => {
      const { middle, text } = ratio(values, base);
      return [name, median(values).toFixed(3), text, name.includes("/referrals") ? atMost(4, middle) : ""];
    }),
  );
}

/** The median time of a request, in milliseconds. */
async function latency(url: string, status: number, init?: RequestInit): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < calls; i++) {
    const start = performance.now();
    const response = await fetch(url, init);
    await response.arrayBuffer();
    times.push(performance.now() - start);
    if (response.status !== status) throw new Error(`${url} answered ${response.status}.`);
  }
  return median(times);
}
