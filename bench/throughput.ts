import { createClient } from "@supabase/supabase-js";
import { Referral } from "../supabase/functions/api/referrals/schema.ts";
import { atLeast, interleave, median, printTable, ratio } from "./measure.ts";
import { perSecond, startWorkspace } from "./stack.ts";

const rounds = 7;
/** As many as one key may have under way. */
const clients = 4;
const calls = 240;
const columns = Object.keys(Referral.shape).join(",");

/** What is left of the data API's requests per second when the same statements go through the API. */
export async function throughput(): Promise<void> {
  await using workspace = await startWorkspace(200);
  const { stack, key, referral } = workspace;
  const authorization = `Bearer ${key.token}`;
  const direct = createClient(stack.url, stack.publishableKey, { accessToken: () => Promise.resolve(key.token) });
  for (let i = 0; i < 100; i++) await direct.from("referrals").insert(referral()).throwOnError();

  const read = async () => {
    const reply = await fetch(`${stack.apiUrl}/referrals?limit=20`, { headers: { authorization } });
    expect(200, reply.status, await reply.json());
  };
  const write = async () => {
    const headers = { authorization, "content-type": "application/json" };
    const body = JSON.stringify(referral());
    const reply = await fetch(`${stack.apiUrl}/referrals`, { method: "POST", headers, body });
    expect(201, reply.status, await reply.json());
  };
  const readDirectly = async () => {
    const { status, error } = await direct.from("referrals").select(columns, { count: "estimated" })
      .order("created_at", { ascending: false }).order("id", { ascending: false }).limit(21);
    expect(206, status === 200 ? 206 : status, error);
  };
  const writeDirectly = async () => {
    const { status, error } = await direct.from("referrals").insert(referral()).select(columns);
    expect(201, status, error);
  };

  const measured = await interleave(rounds, {
    "GET /referrals?limit=20": () => perSecond(clients, calls, read),
    "the same by supabase-js": () => perSecond(clients, calls, readDirectly),
    "POST /referrals": () => perSecond(clients, calls, write),
    "the same insert by supabase-js": () => perSecond(clients, calls, writeDirectly),
  });

  console.log(
    `Through the API against the data API alone: ${rounds} rounds of ${calls} requests, ${clients} at a time`,
  );
  const [get, getDirectly, post, postDirectly] = Object.values(measured);
  const rows = [[get, getDirectly], [post, postDirectly]].map(([ours, base], i) => {
    const { middle, text } = ratio(ours, base);
    return [["GET /referrals?limit=20", "POST /referrals"][i], ours, base, text, atLeast(0.8, middle)] as const;
  });
  printTable(
    ["request", "per second", "supabase-js per second", "ratio", "target"],
    rows.map((
      [name, ours, base, text, target],
    ) => [name, median(ours).toFixed(0), median(base).toFixed(0), text, target]),
  );
}

function expect(wanted: number, status: number, answer: unknown): void {
  if (status !== wanted) throw new Error(`Answered ${status}: ${JSON.stringify(answer)}`);
}
