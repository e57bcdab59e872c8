import { assertEquals } from "@std/assert";
import { createApp } from "../../supabase/functions/api/app.ts";
import { readConfig } from "../../supabase/functions/api/platform/config.ts";
import { type Json, stack, world } from "../world/world.ts";

// The function as it is deployed, but for three tries an hour; the database is the stack's.
const app = createApp(readConfig({
  SUPABASE_URL: stack.url,
  SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
  SUPABASE_JWKS: JSON.stringify({ keys: [] }),
  PUBLIC_FORM_TRIES_PER_HOUR: "3",
}));

async function submit(token: string, address: string) {
  const response = await app.fetch(
    new Request(`http://localhost/api/v1/public/referral-requests/${token}/submit`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": address },
      body: JSON.stringify({ first_name: "Noah", email: `${crypto.randomUUID()}@example.com`, consent: true }),
    }),
  );
  const body: Json = await response.json();
  return { status: response.status, code: body.error?.code, wait: Number(response.headers.get("retry-after")) };
}

Deno.test("an address has so many tries an hour; 404, 409 and 410 come before its limit, and another's is its own", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const ask = async () => await alice.creates("/referrals/request", { contact_id: rita.id, force: true });
  const [first, second, withdrawn, open] = [await ask(), await ask(), await ask(), await ask()];
  await alice.delete(`/referrals/requests/${withdrawn.request_id}`);
  const here = "203.0.113.1";

  const within = [
    await submit(first.token, here),
    await submit(second.token, `198.51.100.7, ${here}`),
    await submit("x", here),
  ];
  const over = [await submit("x", here), await submit(first.token, here), await submit(withdrawn.token, here)];
  const limited = await submit(open.token, here);

  assertEquals(within.map(({ status }) => status), [201, 201, 404]);
  assertEquals(over.map(({ status, code }) => [status, code]), [[404, "NOT_FOUND"], [409, "CONFLICT"], [
    410,
    "EXPIRED",
  ]]);
  assertEquals([limited.status, limited.code], [429, "RATE_LIMITED"]);
  assertEquals(limited.wait > 3_500 && limited.wait <= 3_600, true);
  assertEquals((await alice.gets(`/referrals/requests/${open.request_id}`)).status, "sent");
  assertEquals((await submit(open.token, "203.0.113.2")).status, 201);
});
