import { assertEquals } from "@std/assert";
import { listen, subscribe } from "./listener.ts";
import { failure, tried } from "./tries.ts";
import { call, chain, eventually, sql, workspace } from "./world.ts";

Deno.test("a wake-up that is not the database's own is a 401 and dispatches nothing", async () => {
  const clinic = await workspace("Harbour Health");
  let isDown = true;
  await using crm = listen(() => isDown ? failure(500) : new Response(null, { status: 204 }));
  const subscription = await subscribe(clinic, crm.url);
  await chain(clinic);
  await tried(clinic, subscription);
  isDown = false;
  const wakeUp = async (time: number | null, signature: string | null) => {
    const headers = {
      ...(time !== null && { "X-Dispatch-Time": String(time) }),
      ...(signature !== null && { "X-Dispatch-Signature": signature }),
    };
    const reply = await call("POST", "/internal/dispatch", {}, { headers });
    return [reply.status, reply.error?.code];
  };
  const signed = async (time: number) => (await sql`select private.wake_up_signature(${time}) as it`)[0].it;
  const now = Math.floor(Date.now() / 1_000);

  const [{ schedule, command }] = await sql`
    select schedule, command from cron.job where jobname = 'referrals sweep'
  `;
  await sql`select cron.unschedule('referrals sweep')`;
  try {
    // What the last sweep found is done with.
    await eventually(async () => (await sql`select private.subscriptions_due('{}')`).length === 0);
    await sql`update webhook_deliveries set due_at = now() where subscription_id = ${subscription.id}`;
    const due = () =>
      sql`select due_at, attempt_count from webhook_deliveries where subscription_id = ${subscription.id}`;
    const before = await due();
    const refused = [401, "UNAUTHORIZED"];
    assertEquals(await wakeUp(null, null), refused);
    assertEquals(await wakeUp(now, null), refused);
    assertEquals(await wakeUp(null, await signed(now)), refused);
    assertEquals(await wakeUp(now, "0".repeat(64)), refused);
    assertEquals(await wakeUp(now - 1, await signed(now)), refused);
    assertEquals(await wakeUp(now - 310, await signed(now - 310)), refused);
    assertEquals(await wakeUp(now + 310, await signed(now + 310)), refused);
    assertEquals([await due(), crm.received.length], [before, 1]);

    assertEquals(await wakeUp(now - 200, await signed(now - 200)), [202, undefined]);
    await tried(clinic, subscription, 2);
  } finally {
    await sql`select cron.schedule('referrals sweep', ${schedule}, ${command})`;
  }
});

Deno.test("an event written while nobody hears the wake-up is delivered by the sweep", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen();
  await subscribe(clinic, crm.url);
  const [{ id, url }] = await sql`
    select id, decrypted_secret as url from vault.decrypted_secrets where name = 'referrals_dispatch_url'
  `;
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  closed.close();
  const nowhere = `http://127.0.0.1:${closed.addr.port}/internal/dispatch`;

  await sql`select vault.update_secret(${id}, ${nowhere})`;
  try {
    await eventually(async () => (await sql`select from net.http_request_queue`).length === 0);
    const [{ lost }] = await sql`select count(*)::int as lost from net._http_response where status_code is null`;
    await chain(clinic);
    await eventually(async () => {
      const [{ now }] = await sql`select count(*)::int as now from net._http_response where status_code is null`;
      return now > lost;
    });
    assertEquals(crm.received.length, 0);
  } finally {
    await sql`select vault.update_secret(${id}, ${url})`;
  }

  await eventually(() => Promise.resolve(crm.received.length === 1));
});
