import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { listen, subscribe, verify } from "../world/listener.ts";
import { failure, health, passTime, tried } from "../world/deliveries.ts";
import { chain, eventually, type Json, sql, workspace } from "../world/world.ts";

const seconds = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1_000;

Deno.test("a delivery that got a 500 is tried again seconds later, under the same webhook-id, with a signature of its own", async () => {
  const clinic = await workspace("Harbour Health");
  let tries = 0;
  await using crm = listen(() => new Response("Not now", { status: tries++ ? 200 : 500 }));
  const subscription = await subscribe(clinic, crm.url);

  await chain(clinic);
  const [failed] = await tried(clinic, subscription);
  assertEquals([failed.status, failed.attempt_count, failed.response_status, failed.response_body, failed.error], [
    "pending",
    1,
    500,
    "Not now",
    "It answered 500, not 2xx.",
  ]);
  const wait = seconds(failed.last_attempt_at, failed.next_attempt_at);
  assert(wait > 4.99 && wait < 6.1, `${wait} s`);
  assertEquals(await health(clinic, subscription), [true, null, true]);

  const [delivered] = await tried(clinic, subscription, 2, 30);
  const [first, second, ...more] = crm.received;
  assert(second.at >= Date.parse(failed.next_attempt_at), "tried again too soon");
  assertEquals([second.headers["webhook-id"], second.text, more], [first.headers["webhook-id"], first.text, []]);
  assertNotEquals(second.headers["webhook-timestamp"], first.headers["webhook-timestamp"]);
  assertNotEquals(second.headers["webhook-signature"], first.headers["webhook-signature"]);
  assertEquals(verify(second, subscription.secret), verify(first, subscription.secret));
  assertEquals([delivered.status, delivered.attempt_count, delivered.next_attempt_at, delivered.error], [
    "delivered",
    2,
    null,
    null,
  ]);
  assertEquals(delivered.attempts.map((one: Json) => one.response_status), [500, 200]);
  assertEquals(await health(clinic, subscription), [true, null, false]);
});

Deno.test("a 429 with Retry-After is tried again no sooner than it says", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen(() => failure(429));
  const subscription = await subscribe(clinic, crm.url);

  await chain(clinic);

  const [limited] = await tried(clinic, subscription);
  const wait = seconds(limited.last_attempt_at, limited.next_attempt_at);
  assertEquals([limited.status, limited.response_status, Math.round(wait)], ["pending", 429, 3_600]);
  assertEquals(await health(clinic, subscription), [true, null, true]);
});

Deno.test("a redirect of any kind is a failed try, and where it leads is never called", async () => {
  const clinic = await workspace("Harbour Health");
  const codes = [301, 302, 303, 307, 308];
  await using crm = listen(({ path }) =>
    path === "/target"
      ? new Response(null, { status: 204 })
      : new Response(null, { status: Number(path.slice(1)), headers: { location: `${crm.url}/target` } })
  );
  const subscriptions = await Promise.all(codes.map((code) => subscribe(clinic, `${crm.url}/${code}`)));

  await chain(clinic);

  for (const [i, code] of codes.entries()) {
    const [delivery] = await tried(clinic, subscriptions[i]);
    assertEquals([delivery.status, delivery.response_status, delivery.error], [
      "pending",
      code,
      `It answered ${code}: redirects are not followed.`,
    ]);
  }
  assertEquals([crm.to("/target").length, crm.received.length], [0, codes.length]);
});

Deno.test("410 disables a subscription, its row says so, and what it was still waiting for is not tried", async () => {
  const clinic = await workspace("Harbour Health");
  let status = 500;
  await using crm = listen(({ path }) => path === "/gone" ? failure(status) : new Response(null, { status: 204 }));
  const [gone, other] = await Promise.all([
    subscribe(clinic, `${crm.url}/gone`),
    subscribe(clinic, `${crm.url}/other`),
  ]);
  await chain(clinic);
  const [waiting] = await tried(clinic, gone);

  status = 410;
  await chain(clinic);
  await eventually(async () => !(await health(clinic, gone))[0]);
  await passTime(gone);
  await chain(clinic);
  await eventually(() => crm.to("/other").length === 3);
  await tried(clinic, other);

  assertEquals(await health(clinic, gone), [false, "It answered 410 Gone.", true]);
  assertNotEquals((await clinic.gets(`/webhooks/subscriptions/${gone.id}`)).disabled_at, null);
  const [last, first, ...more] = await tried(clinic, gone);
  assertEquals([last.status, last.response_status, last.next_attempt_at], ["failed", 410, null]);
  assertEquals([first.id, first.status, first.attempts, more], [waiting.id, "pending", waiting.attempts, []]);
  assertEquals(crm.to("/gone").length, 2);
});

Deno.test("a subscription that failed for five days is disabled and says so, one that failed for less is not", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen(() => failure(500));
  const [five, less] = await Promise.all([subscribe(clinic, `${crm.url}/five`), subscribe(clinic, `${crm.url}/less`)]);
  await chain(clinic);
  await Promise.all([tried(clinic, five), tried(clinic, less)]);
  await sql`
    update webhook_subscriptions
    set failing_since = now() - interval '5 days' + case id when ${less.id} then interval '1 hour' else '-1 s' end
    where id in ${sql([five.id, less.id])}
  `;

  await Promise.all([passTime(five), passTime(less)]);
  await Promise.all([tried(clinic, five, 2), tried(clinic, less, 2)]);

  assertEquals(await health(clinic, five), [false, "Every delivery has failed for five days.", true]);
  assertEquals(await health(clinic, less), [true, null, true]);
  await clinic.changes(`/webhooks/subscriptions/${five.id}`, { enabled: true });
  assertEquals(await health(clinic, five), [true, null, false]);
});

Deno.test("a delivery that keeps failing is tried ten times over at least 72 hours, each wait with a jitter of its own", async () => {
  const clinic = await workspace("Harbour Health");
  const count = 20;
  // Disabled: only the outcomes recorded here count.
  const [{ id: subscription }] = await sql`
    insert into webhook_subscriptions (company_id, url, enabled)
    values (${clinic.companyId}, 'https://crm.example.com', false) returning id
  `;
  const made = await sql`
    insert into webhook_deliveries (company_id, subscription_id, event_id, event_type)
    select ${clinic.companyId}, ${subscription}, gen_random_uuid(), 'referral_attributed' from generate_series(1, ${count})
    returning id
  `;
  const fail = async (tries: number) => {
    const outcomes = made.map(({ id }) => ({ id, tries, status: 500, body: null, error: "No", retry_after: null }));
    // The second time says that the first was answered to nobody.
    for (let i = 0; i < 2; i++) await sql`select private.record_deliveries(${sql.json(outcomes)})`;
    return await sql`
      select status, attempt_count, jsonb_array_length(attempts) as logged, due_at,
        extract(epoch from due_at - last_attempt_at)::float as wait,
        extract(epoch from private.retry_wait(attempt_count))::float as least
      from webhook_deliveries where subscription_id = ${subscription}
    `;
  };

  let total = 0;
  for (let tries = 1; tries < 10; tries++) {
    const rows = await fail(tries - 1);
    for (const { status, attempt_count, logged, wait, least } of rows) {
      assertEquals([status, attempt_count, logged], ["pending", tries, tries]);
      assert(wait >= least - 0.01 && wait <= least * 1.2 + 0.1, `${wait} s after ${tries} tries, at least ${least}`);
    }
    assert(new Set(rows.map(({ wait }) => wait)).size > count / 2, "the waits are all alike");
    total += rows[0].least;
  }
  assert(total >= 72 * 3_600, `${total / 3_600} hours`);
  const last = await fail(9);
  assertEquals(
    last.map(({ status, due_at, logged }) => [status, due_at, logged]),
    made.map(() => ["failed", null, 10]),
  );
});
