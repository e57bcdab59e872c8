import { assertEquals } from "@std/assert";
import { dispatch } from "../../supabase/functions/api/dispatcher/dispatch.ts";
import { Life } from "../../supabase/functions/api/dispatcher/life.ts";
import { readConfig } from "../../supabase/functions/api/platform/config.ts";

const never = new AbortController().signal;

/** What a dispatcher with that life asks of a database that always has more to do. */
async function asked(life: Life, atClaim: (claims: number) => void = () => {}): Promise<string[]> {
  const calls: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    calls.push(new URL(request.url).pathname.split("/").at(-1)!);
    if (calls.at(-1) !== "claim_work") return new Response(null, { status: 204 });
    atClaim(calls.length);
    return Response.json({ deliveries: [], runs: [], more: true });
  });
  await dispatch(
    readConfig({
      SUPABASE_URL: `http://127.0.0.1:${server.addr.port}`,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: "sb_publishable_canned" }),
      SUPABASE_SECRET_KEYS: JSON.stringify({ default: "sb_secret_canned" }),
      SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    }),
    life,
  );
  await server.shutdown();
  return calls;
}

Deno.test("a dispatcher whose worker has little CPU left claims no more, and wakes another", async () => {
  const calls = await asked(new Life(30, never));
  assertEquals([calls.filter((call) => call === "claim_work").length, calls.at(-1)], [10, "wake_dispatcher"]);
});

Deno.test("a worker with nothing left claims once, so that a wake-up of its own gets on", async () => {
  assertEquals(await asked(new Life(0, never)), ["claim_work", "wake_dispatcher"]);
});

Deno.test("a dispatcher whose worker is told of its end claims no more, and wakes another", async () => {
  const ending = new AbortController();
  const calls = await asked(new Life(Infinity, ending.signal), (claims) => claims === 3 && ending.abort());
  assertEquals(calls, ["claim_work", "claim_work", "claim_work", "wake_dispatcher"]);
});

Deno.test("near its end a worker claims as many deliveries as it can afford, and a few at least", () => {
  assertEquals([Infinity, 70, 7, 0].map((left) => new Life(left, never).affordable(500)), [500, 100, 20, 20]);
});
