import { assertEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { eventually, type Json, type Person, type Reply, sql, world } from "../world/world.ts";

const one = (rows: unknown[]) => rows.length === 1;
const outcome = ({ status, error }: Reply) => [status, error?.code];

/** A subscription of the person's to an address where nobody listens. */
async function subscription(person: Person, more: Json = {}): Promise<Json> {
  return await person.creates("/webhooks/subscriptions", {
    url: `http://127.0.0.1:9/${crypto.randomUUID()}`,
    events: ["referral_attributed", "stage_changed"],
    ...more,
  });
}

/** Deliveries as the dispatcher leaves them, one of each outcome, newest first. */
async function deliveries(person: Person, subscription: Json): Promise<Json[]> {
  const common = { company_id: person.companyId, subscription_id: subscription.id };
  const attempt = {
    attempted_at: "2026-01-01T00:00:01.000Z",
    response_status: 502,
    error: "It answered 502, not 2xx.",
  };
  const rows = [
    { event_type: "stage_changed", status: "delivered", due_at: null, created_at: "2026-01-03Z", response_status: 200 },
    {
      event_type: "referral_attributed",
      status: "pending",
      due_at: "2099-01-01Z",
      created_at: "2026-01-02Z",
      response_status: 502,
      error: attempt.error,
      attempt_count: 1,
      attempts: [{ ...attempt, duration_ms: 118 }],
    },
    {
      event_type: "webhook_test",
      status: "failed",
      due_at: null,
      created_at: "2026-01-01Z",
      error: "Nobody answered.",
    },
  ];
  const made = [];
  for (const row of rows) {
    const event_id = crypto.randomUUID();
    const [{ id }] = await sql`insert into webhook_deliveries ${sql({ ...common, ...row, event_id })} returning id`;
    made.push({ ...row, id, event_id });
  }
  return made;
}

Deno.test("the logs show what became of each delivery, newest first, and find it by event and by outcome", async () => {
  const { alice } = await world();
  const { id } = await subscription(alice);
  const [delivered, pending, failed] = await deliveries(alice, { id });
  const other = await subscription(alice);
  const path = `/webhooks/subscriptions/${id}/logs`;
  const ids = async (query: string) => (await alice.gets(`${path}?${query}`)).map((row: Json) => row.id);

  const [first, second] = await alice.gets(path);

  assertEquals([first.id, first.next_attempt_at, first.attempts], [delivered.id, null, []]);
  assertEquals({ ...second, updated_at: "" }, {
    id: pending.id,
    subscription_id: id,
    event_id: pending.event_id,
    event_type: "referral_attributed",
    status: "pending",
    attempt_count: 1,
    next_attempt_at: "2099-01-01T00:00:00.000Z",
    last_attempt_at: null,
    delivered_at: null,
    response_status: 502,
    response_body: null,
    error: "It answered 502, not 2xx.",
    duration_ms: null,
    attempts: pending.attempts,
    created_at: "2026-01-02T00:00:00.000Z",
    updated_at: "",
  });
  assertEquals(await ids(""), [delivered.id, pending.id, failed.id]);
  assertEquals(await ids("status=failed"), [failed.id]);
  assertEquals(await ids("event_type=stage_changed"), [delivered.id]);
  assertEquals(await ids(`event_id=${pending.event_id.toUpperCase()}`), [pending.id]);
  assertEquals(await ids(`event_id=${pending.event_id}&status=failed`), []);
  assertEquals(await alice.gets(`/webhooks/subscriptions/${other.id}/logs`), []);
  for (const wrong of ["status=odd", "event_type=odd", "event_id=x", `subscription_id=${other.id}`]) {
    assertEquals(outcome(await alice.get(`${path}?${wrong}`)), [400, "VALIDATION_ERROR"], wrong);
  }
});

Deno.test("a test queues one delivery to that subscription alone, and none to one that is switched off", async () => {
  const { alice, bob } = await world();
  const [one, other, off] = [
    await subscription(alice),
    await subscription(alice),
    await subscription(alice, { enabled: false }),
  ];

  const { status, data } = await alice.post(`/webhooks/subscriptions/${one.id}/test`);
  const refused = await alice.post(`/webhooks/subscriptions/${off.id}/test`);
  const foreign = await bob.post(`/webhooks/subscriptions/${one.id}/test`);

  assertEquals([status, data.subscription_id, data.event_type], [200, one.id, "webhook_test"]);
  assertEquals([data.status, data.attempt_count, data.next_attempt_at <= data.created_at], ["pending", 0, true]);
  assertEquals([outcome(refused), outcome(foreign)], [[409, "CONFLICT"], [404, "NOT_FOUND"]]);
  const logs = await Promise.all([one, other, off].map(({ id }) => alice.gets(`/webhooks/subscriptions/${id}/logs`)));
  assertEquals(logs.map((rows) => rows.map((row: Json) => row.id)), [[data.id], [], []]);
});

Deno.test("a replay has a delivery's tries anew under the same event, once the subscription is on and the event kept", async () => {
  const { alice, bob } = await world();
  const { id } = await subscription(alice);
  const { data: sent } = await alice.post(`/webhooks/subscriptions/${id}/test`);
  const [forgotten] = await deliveries(alice, { id });
  const path = `/webhooks/deliveries/${sent.id}/replay`;
  const tried = () => sql`select from webhook_deliveries where id = ${sent.id} and attempt_count = 1`.then(one);
  await eventually(tried);
  await sql`update webhook_deliveries set status = 'failed', due_at = null, attempt_count = 10 where id = ${sent.id}`;

  const replayed = await alice.post(path);
  // It is tried at once, in vain, and not again for some seconds.
  await eventually(tried);
  await alice.changes(`/webhooks/subscriptions/${id}`, { enabled: false });
  const before = await contents(alice);
  const refused = await Promise.all([
    alice.post(path),
    alice.post(`/webhooks/deliveries/${forgotten.id}/replay`),
    bob.post(path),
    alice.post(`/webhooks/deliveries/${crypto.randomUUID()}/replay`),
  ]);

  assertEquals([replayed.status, replayed.data.id, replayed.data.event_id], [200, sent.id, sent.event_id]);
  assertEquals([replayed.data.status, replayed.data.attempt_count], ["pending", 0]);
  assertEquals(typeof replayed.data.next_attempt_at, "string");
  assertEquals(refused.map(outcome), [[409, "CONFLICT"], [409, "CONFLICT"], [404, "NOT_FOUND"], [404, "NOT_FOUND"]]);
  assertEquals(await contents(alice), before);
  await alice.changes(`/webhooks/subscriptions/${id}`, { enabled: true });
  assertEquals(outcome(await alice.post(`/webhooks/deliveries/${forgotten.id}/replay`)), [409, "CONFLICT"]);
});
