import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { WebhookVerificationError } from "standardwebhooks";
import { listen, once, subscribe, verify } from "../world/listener.ts";
import { failure, passTime, tried } from "../world/deliveries.ts";
import { chain, eventually, sql, workspace } from "../world/world.ts";

const happened = (condition: () => boolean) => eventually(() => Promise.resolve(condition()));

Deno.test("a delivery is what Standard Webhooks says, and the official library finds its signature right", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen();
  const { secret } = await subscribe(clinic, `${crm.url}/crm?from=referrals`);
  const stranger = await subscribe(clinic, `${crm.url}/other`, ["stage_changed"]);
  const before = Math.floor(Date.now() / 1_000);

  const { referrer, friend, opportunity, referral } = await chain(clinic);
  await happened(() => crm.received.length === 1);

  const [told] = crm.received;
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature } = told.headers;
  const { event_id, occurred_at, ...data } = told.body.data;
  assertEquals(verify(told, secret), {
    type: "referral_attributed",
    timestamp: occurred_at,
    data: { ...data, event_id, occurred_at },
  });
  assertEquals(data, {
    referral_id: referral.id,
    referrer_contact_id: referrer.id,
    referrer_email: referrer.email,
    referred_contact_id: friend.id,
    referred_deal_id: opportunity.id,
    category: null,
    status: "pending",
    source: "manual",
    notes: "Met at the gym",
    operation: "INSERT",
    previous: {},
  });
  assertEquals([id, occurred_at], [event_id, referral.created_at]);
  assert(Number(at) >= before && Number(at) <= Date.now() / 1_000, at);
  assertEquals([signature.split(" ").length, signature.startsWith("v1,")], [1, true]);
  assertEquals(told.headers["content-type"], "application/json");

  assertThrows(() => verify(told, stranger.secret), WebhookVerificationError);
  const forged = { ...told, text: told.text.replace("pending", "converted") };
  assertThrows(() => verify(forged, secret), WebhookVerificationError);
  const replayed = { ...told, headers: { ...told.headers, "webhook-id": crypto.randomUUID() } };
  assertThrows(() => verify(replayed, secret), WebhookVerificationError);
});

Deno.test("while a secret is rotated the old and the new one verify, and after 24 hours only the new", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen();
  const subscription = await subscribe(clinic, crm.url);

  const rotated = await clinic.post(`/webhooks/subscriptions/${subscription.id}/rotate-secret`);
  assertEquals([rotated.status, rotated.data.id], [200, subscription.id]);
  assertNotEquals(rotated.data.secret, subscription.secret);
  const [{ hours }] = await sql`
    select extract(epoch from expires_at - now()) / 3600 as hours from private.webhook_secrets
    where subscription_id = ${subscription.id} and expires_at is not null
  `;
  assertEquals(Math.round(hours), 24);
  await chain(clinic);
  await happened(() => crm.received.length === 1);
  assertEquals(verify(crm.received[0], subscription.secret), verify(crm.received[0], rotated.data.secret));

  await sql`
    update private.webhook_secrets set expires_at = expires_at - interval '24 hours'
    where subscription_id = ${subscription.id}
  `;
  await chain(clinic);
  await happened(() => crm.received.length === 2);
  assertEquals(verify(crm.received[1], rotated.data.secret), crm.received[1].body);
  assertThrows(() => verify(crm.received[1], subscription.secret), WebhookVerificationError);
  assertEquals(crm.received.map(({ headers }) => headers["webhook-signature"].split(" ").length), [2, 1]);
});

Deno.test("however often a secret is rotated, by many at once too, two sign: the last and the one before", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen();
  const subscription = await subscribe(clinic, crm.url);
  const path = `/webhooks/subscriptions/${subscription.id}/rotate-secret`;
  const vault = async () => {
    const [{ count }] = await sql`select count(*)::int from vault.secrets where name like 'referrals_webhook_%'`;
    return count;
  };
  const before = await vault();

  await sql`select private.issue_webhook_secret(${subscription.id}) from generate_series(1, 1000)`;
  const at_once = await Promise.all(Array.from({ length: 8 }, () => clinic.post(path)));
  const [older, newer] = [(await clinic.post(path)).data.secret, (await clinic.post(path)).data.secret];
  await chain(clinic);
  await happened(() => crm.received.length === 1);

  const [told] = crm.received;
  assertEquals(at_once.map(({ status }) => status), Array(8).fill(200));
  assertEquals([told.headers["webhook-signature"].split(" ").length, await vault() - before], [2, 1]);
  assertEquals(verify(told, older), verify(told, newer));
  for (const { data } of at_once) assertThrows(() => verify(told, data.secret), WebhookVerificationError);
  const left = await sql`
    select round(extract(epoch from expires_at - now()) / 3600)::int as hours from private.webhook_secrets
    where subscription_id = ${subscription.id} order by expires_at nulls first
  `;
  assertEquals(left.map(({ hours }) => hours), [null, 24]);
});

Deno.test("a secret rotated during a delivery leaves that one as it was signed, and signs the next beside the old one", async () => {
  const clinic = await workspace("Harbour Health");
  const answered = Promise.withResolvers<void>();
  await using crm = listen(() => answered.promise.then(() => new Response(null, { status: 204 })));
  using _atTheLatest = { [Symbol.dispose]: answered.resolve };
  const subscription = await subscribe(clinic, crm.url);

  await chain(clinic);
  await happened(() => crm.received.length === 1);
  const { secret } = (await clinic.post(`/webhooks/subscriptions/${subscription.id}/rotate-secret`)).data;
  answered.resolve();

  const [delivery] = await tried(clinic, subscription);
  assertEquals([delivery.status, delivery.response_status], ["delivered", 204]);
  assertEquals(verify(crm.received[0], subscription.secret), crm.received[0].body);
  assertThrows(() => verify(crm.received[0], secret), WebhookVerificationError);
  await chain(clinic);
  await happened(() => crm.received.length === 2);
  assertEquals(verify(crm.received[1], subscription.secret), verify(crm.received[1], secret));
});

Deno.test("a subscription deleted during a delivery hears no more of it, and the others go on", async () => {
  const clinic = await workspace("Harbour Health");
  const answered = Promise.withResolvers<void>();
  await using crm = listen(({ path }) =>
    path === "/deleted"
      ? answered.promise.then(() => new Response(null, { status: 500 }))
      : new Response(null, { status: 204 })
  );
  using _atTheLatest = { [Symbol.dispose]: answered.resolve };
  const [deleted, other] = await Promise.all([
    subscribe(clinic, `${crm.url}/deleted`),
    subscribe(clinic, `${crm.url}/other`),
  ]);

  await chain(clinic);
  await happened(() => crm.to("/deleted").length === 1);
  assertEquals((await clinic.delete(`/webhooks/subscriptions/${deleted.id}`)).status, 204);
  answered.resolve();
  await chain(clinic);
  await happened(() => crm.to("/other").length === 2);

  assertEquals((await tried(clinic, other)).map(({ status }) => status), ["delivered", "delivered"]);
  assertEquals(crm.to("/deleted").length, 1);
  const logs = await clinic.get(`/webhooks/subscriptions/${deleted.id}/logs`);
  assertEquals([logs.status, logs.error.code], [404, "NOT_FOUND"]);
  const [{ left }] = await sql`
    select count(*)::int as left from webhook_deliveries where subscription_id = ${deleted.id}
  `;
  assertEquals(left, 0);
});

Deno.test("a delivery that was replayed comes again under the same webhook-id", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen();
  const subscription = await subscribe(clinic, crm.url);
  await chain(clinic);
  const [delivered] = await tried(clinic, subscription);

  const { status, data } = await clinic.post(`/webhooks/deliveries/${delivered.id}/replay`);
  assertEquals([status, data.id, data.status, data.attempt_count, data.delivered_at], [
    200,
    delivered.id,
    "pending",
    0,
    null,
  ]);

  const [again, ...more] = await tried(clinic, subscription, 2);
  assertEquals([again.id, again.status, again.attempt_count, more], [delivered.id, "delivered", 1, []]);
  assertEquals(again.attempts.map((one: { response_status: number }) => one.response_status), [204, 204]);
  const [first, second] = crm.received;
  assertEquals([second.headers["webhook-id"], second.text], [first.headers["webhook-id"], first.text]);
  assertEquals(verify(second, subscription.secret), first.body);
});

Deno.test("a delivery that is being sent is not sent twice by a replay, and keeps its last 50 tries", async () => {
  const clinic = await workspace("Harbour Health");
  const answered = Promise.withResolvers<void>();
  await using crm = listen(() => answered.promise.then(() => new Response(null, { status: 204 })));
  using _atTheLatest = { [Symbol.dispose]: answered.resolve };
  const subscription = await subscribe(clinic, crm.url);
  await chain(clinic);
  await happened(() => crm.received.length === 1);
  const [{ id }] = await clinic.gets(`/webhooks/subscriptions/${subscription.id}/logs`);
  await sql`
    update webhook_deliveries set attempts = (select jsonb_agg(jsonb_build_object(
      'attempted_at', '2026-01-01T00:00:00.000Z', 'response_status', i, 'error', null, 'duration_ms', 1
    )) from generate_series(1, 50) as i) where id = ${id}
  `;

  const replays = await Promise.all(Array.from({ length: 5 }, () => clinic.post(`/webhooks/deliveries/${id}/replay`)));
  await sql`select private.wake_dispatcher()`;
  await clinic.gets("/referrals");
  answered.resolve();

  const [delivered] = await eventually(async () => {
    const rows = await clinic.gets(`/webhooks/subscriptions/${subscription.id}/logs`);
    return rows[0].status === "delivered" && rows;
  });
  assertEquals(replays.map(({ status, data }) => [status, data.status]), Array(5).fill([200, "pending"]));
  const tries = delivered.attempts.map((one: { response_status: number }) => one.response_status);
  assertEquals([tries.length, tries[0], tries.at(-1), crm.received.length], [50, 2, 204, 1]);
});

Deno.test("a test event goes to its subscription alone, whatever that is subscribed to; to a disabled one none goes", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen();
  const [tested, other] = await Promise.all([
    subscribe(clinic, `${crm.url}/tested`, ["stage_changed"]),
    subscribe(clinic, `${crm.url}/other`),
  ]);

  const { status, data } = await clinic.post(`/webhooks/subscriptions/${tested.id}/test`);
  assertEquals([status, data.subscription_id, data.event_type], [200, tested.id, "webhook_test"]);

  const [delivery] = await tried(clinic, tested);
  assertEquals([delivery.id, delivery.status], [data.id, "delivered"]);
  const [told] = once(crm.received);
  const { event_id, occurred_at } = told.data;
  assertEquals(verify(crm.received[0], tested.secret), {
    type: "webhook_test",
    timestamp: occurred_at,
    data: { subscription_id: tested.id, event_id, occurred_at },
  });
  assertEquals([crm.received[0].path, event_id], ["/tested", data.event_id]);

  await clinic.changes(`/webhooks/subscriptions/${other.id}`, { enabled: false });
  const refused = await clinic.post(`/webhooks/subscriptions/${other.id}/test`);
  assertEquals([refused.status, refused.error.code], [409, "CONFLICT"]);
  assertEquals(await clinic.gets(`/webhooks/subscriptions/${other.id}/logs`), []);
});

Deno.test("a disabled subscription gets nothing, and once enabled what it waited for, not what it missed", async () => {
  const clinic = await workspace("Harbour Health");
  let isDown = true;
  await using crm = listen(({ path }) =>
    path === "/off" && isDown ? failure(500) : new Response(null, { status: 204 })
  );
  const [off, other] = await Promise.all([subscribe(clinic, `${crm.url}/off`), subscribe(clinic, `${crm.url}/other`)]);
  const waitedFor = (await chain(clinic)).referral;
  const [waiting] = await tried(clinic, off);

  await clinic.changes(`/webhooks/subscriptions/${off.id}`, { enabled: false });
  await passTime(off);
  const missed = (await chain(clinic)).referral;
  await happened(() => crm.to("/other").length === 2);
  await tried(clinic, other);
  assertEquals([crm.to("/off").length, (await tried(clinic, off)).length], [1, 1]);
  assertEquals((await tried(clinic, off))[0].attempts, waiting.attempts);

  isDown = false;
  await clinic.changes(`/webhooks/subscriptions/${off.id}`, { enabled: true });
  await sql`select private.wake_dispatcher()`;
  const [delivered, ...more] = await tried(clinic, off, 2);
  assertEquals([delivered.id, delivered.status, more], [waiting.id, "delivered", []]);
  assertEquals(crm.to("/off").map(({ body }) => body.data.referral_id), [waitedFor.id, waitedFor.id]);
  assertEquals(crm.to("/other").map(({ body }) => body.data.referral_id), [waitedFor.id, missed.id]);
});

Deno.test("what waits for one receiver goes over few connections", async () => {
  const clinic = await workspace("Harbour Health");
  const { id: rita } = await clinic.creates("/contacts", { first_name: "Rita" });
  const events = 200;
  await using crm = listen();
  await subscribe(clinic, crm.url);

  await sql`
    insert into referrals (company_id, referrer_contact_id)
    select ${clinic.companyId}, ${rita} from generate_series(1, ${events})
  `;
  await happened(() => crm.received.length === events);

  once(crm.received);
  const connections = new Set(crm.received.map(({ port }) => port)).size;
  assert(connections <= 40, `${connections} connections`);
});
