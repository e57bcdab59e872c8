import { createApp } from "../supabase/functions/api/app.ts";
import { readConfig } from "../supabase/functions/api/platform/config.ts";
import { pause } from "../supabase/functions/api/platform/pause.ts";
import { atMost, printTable } from "./measure.ts";
import { startWorkspace } from "./stack.ts";

type Trip = { start: number; end: number };

/** How many round trips to the data API follow one another in each request. */
export async function roundTrips(): Promise<void> {
  await using workspace = await startWorkspace(2);
  const { stack, key, referral } = workspace;
  let trips: Trip[] = [];
  // Each trip takes long enough that two at once are seen to overlap.
  await using proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const trip = { start: performance.now(), end: Infinity };
    trips.push(trip);
    const { pathname, search } = new URL(request.url);
    const body = request.body ? await request.arrayBuffer() : undefined;
    const answer = await fetch(stack.url + pathname + search, {
      method: request.method,
      headers: request.headers,
      body,
    });
    const copy = new Response(answer.status === 204 ? null : await answer.arrayBuffer(), answer);
    await pause(20);
    trip.end = performance.now();
    return copy;
  });
  const k = new TextEncoder().encode(stack.signing.secret).toBase64({ alphabet: "base64url", omitPadding: true });
  const app = createApp(readConfig({
    SUPABASE_URL: `http://127.0.0.1:${proxy.addr.port}`,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
    SUPABASE_JWKS: JSON.stringify([{ kty: "oct", alg: "HS256", kid: stack.signing.kid, k }]),
  }));
  // deno-lint-ignore no-explicit-any -- answers of every shape
  const ask = async (method: string, path: string, body?: unknown): Promise<any> => {
    const headers = {
      authorization: `Bearer ${key.token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    const request = new Request(`http://localhost/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
    const answer = await app.fetch(request);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text && JSON.parse(text);
  };

  const { data: made } = await ask("POST", "/referrals", referral());
  await ask("POST", "/referrals", referral());
  const { data: pipeline } = await ask("POST", "/pipelines", { name: "Sales", stages: [{ name: "New" }] });
  const { pagination } = await ask("GET", "/referrals?limit=1");
  const requests: [method: string, path: string, body?: unknown][] = [
    ["GET", "/referrals"],
    ["GET", `/referrals?limit=1&after=${pagination.next_cursor}`],
    ["GET", `/referrals/${made.id}?expand=referrer,opportunity`],
    ["POST", "/referrals", referral()],
    ["PATCH", `/referrals/${made.id}`, { status: "converted" }],
    ["GET", "/referrals/leaderboard"],
    ["GET", "/opportunities?expand=referrer"],
    ["GET", `/opportunities/${made.referred_deal_id}?expand=referrer`],
    ["POST", "/opportunities", { name: "Knee" }],
    ["PATCH", `/opportunities/${made.referred_deal_id}`, { name: "Hip" }],
    ["POST", `/opportunities/${made.referred_deal_id}/move`, {
      pipeline_id: pipeline.id,
      stage_id: pipeline.stages[0].id,
    }],
    ["GET", "/contacts?search=no"],
    ["POST", "/contacts", { first_name: "Rita" }],
    ["PATCH", `/contacts/${made.referrer_contact_id}`, { first_name: "Rita" }],
    ["GET", "/pipelines"],
    ["GET", "/company"],
    ["GET", "/company/crm-settings"],
    ["PATCH", "/company/crm-settings", { referral_categories: ["MRI"] }],
    ["DELETE", `/referrals/${made.id}`],
  ];
  const rows: string[][] = [];
  for (const [method, path, body] of requests) {
    trips = [];
    await ask(method, path, body);
    const depth = inSequence(trips);
    rows.push([
      `${method} ${path.replaceAll(/[0-9a-f-]{36}/g, ":id").replace(/after=.*/, "after=…")}`,
      String(trips.length),
      String(depth),
      atMost(1, depth),
    ]);
  }
  console.log("Round trips to the data API");
  printTable(["request", "in all", "in sequence", "target"], rows);
}

/** The length of the longest chain of trips of which each began after the one before had ended. */
function inSequence(trips: Trip[]): number {
  let chain = 0;
  let end = -Infinity;
  for (const trip of trips.toSorted((a, b) => a.end - b.end)) {
    if (trip.start < end) continue;
    chain++;
    end = trip.end;
  }
  return chain;
}
