import { assertEquals } from "@std/assert";
import { listen, subscribe } from "../world/listener.ts";
import { call, chain, eventually, type Json, type Person, sql, workspace } from "../world/world.ts";

/** Sends the database's wake-ups where nobody hears them, until the end of the scope. */
async function unheard(): Promise<AsyncDisposable> {
  const [{ id, url }] = await sql`
    select id, decrypted_secret as url from vault.decrypted_secrets where name = 'referrals_dispatch_url'
  `;
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  closed.close();
  await sql`select vault.update_secret(${id}, ${`http://127.0.0.1:${closed.addr.port}/internal/dispatch`})`;
  await eventually(async () => (await sql`select from net.http_request_queue`).length === 0);
  return { [Symbol.asyncDispose]: async () => void await sql`select vault.update_secret(${id}, ${url})` };
}

const waiting = async ({ companyId }: Person): Promise<{ count: number; long: boolean }> =>
  (await sql<{ count: number; long: boolean }[]>`
    select count(*)::int, coalesce(max(now() - occurred_at) > interval '1 second', false) as long from private.events
    where company_id = ${companyId} and fanned_out_at is null
  `)[0];

/**
 * Leaves an event waiting, unheard: for a second, so that no dispatcher is at work, which would have found it. One that was
 * woken before may be at work for a minute, and goes on while it finds something: it is given time to find nothing.
 */
async function leaveWaiting(person: Person): Promise<void> {
  let written = 0;
  await eventually(async () => {
    const { count, long } = await waiting(person);
    if (count === 0 && Date.now() - written > 2_000) {
      await chain(person);
      written = Date.now();
    }
    return long;
  }, 90);
}

const signed = async (time: number): Promise<string> =>
  (await sql`select private.wake_up_signature(${time}) as it`)[0].it;

async function wakeUp(time: number | null, signature: string | null): Promise<Json[]> {
  const headers = {
    ...(time !== null && { "X-Dispatch-Time": String(time) }),
    ...(signature !== null && { "X-Dispatch-Signature": signature }),
  };
  const reply = await call("POST", "/internal/dispatch", {}, { headers });
  return [reply.status, reply.error?.code];
}

Deno.test("a wake-up that is not the database's own is a 401 and dispatches nothing", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen();
  await subscribe(clinic, crm.url);
  await using _ = await unheard();
  await leaveWaiting(clinic);
  const told = crm.received.length;
  const now = Math.floor(Date.now() / 1_000);
  const refused = [401, "UNAUTHORIZED"];

  assertEquals(await wakeUp(null, null), refused);
  assertEquals(await wakeUp(now, null), refused);
  assertEquals(await wakeUp(null, await signed(now)), refused);
  assertEquals(await wakeUp(now, "0".repeat(64)), refused);
  assertEquals(await wakeUp(now - 1, await signed(now)), refused);
  assertEquals(await wakeUp(now - 310, await signed(now - 310)), refused);
  assertEquals(await wakeUp(now + 310, await signed(now + 310)), refused);
  // In the time of these a dispatcher that was woken would have found it.
  for (let reads = 0; reads < 10; reads++) await clinic.gets("/webhooks/subscriptions");
  assertEquals([(await waiting(clinic)).count, crm.received.length], [1, told]);

  assertEquals(await wakeUp(now - 200, await signed(now - 200)), [202, undefined]);
  await eventually(() => crm.received.length === told + 1);
});

Deno.test("an event written while nobody hears the wake-up is delivered by the sweep", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen();
  await subscribe(clinic, crm.url);

  await using wakeUps = new AsyncDisposableStack();
  wakeUps.use(await unheard());
  await leaveWaiting(clinic);
  const told = crm.received.length;
  await wakeUps.disposeAsync();

  await eventually(() => crm.received.length === told + 1);
});
