import { assert, assertEquals } from "@std/assert";
import { settled } from "../world/automations.ts";
import { tried } from "../world/deliveries.ts";
import { listen, once, subscribe } from "../world/listener.ts";
import { neverEnding } from "../world/never_ending.ts";
import { subscribeAll, unsubscribeAll } from "../world/subscribe_all.ts";
import { eventually, type Json, type Person, sql, world } from "../world/world.ts";

const happened = (condition: () => boolean, seconds?: number) =>
  eventually(() => Promise.resolve(condition()), seconds);

async function refer({ companyId }: Person, count = 1, notes: string | null = null): Promise<void> {
  await sql`
    with rita as (
      insert into crm_contacts (company_id, first_name) values (${companyId}, 'Rita') returning id
    )
    insert into referrals (company_id, referrer_contact_id, notes)
    select ${companyId}, id, ${notes} from rita, generate_series(1, ${count}::int)
  `;
}

/** What a workspace waits for is forgotten: nothing of it is tried when its endpoint is gone. */
const forget = (person: Person) => ({ [Symbol.asyncDispose]: () => unsubscribeAll(person) });

for (
  const [what, urls] of [
    ["one host", (tarpits: Json[]) => Array.from({ length: 20 }, (_, i) => `${tarpits[0].url}/${i}`)],
    ["20 hosts", (tarpits: Json[]) => tarpits.map(({ url }) => url)],
  ] as const
) {
  Deno.test(`alice's 20 endpoints on ${what} never answer, and she writes 300 rows: bob's webhook is there within 5 s`, async () => {
    const { alice, bob } = await world();
    await using opened = new AsyncDisposableStack();
    const tarpits = Array.from({ length: 20 }, () => opened.use(neverEnding()));
    opened.use(forget(alice));
    const crm = opened.use(listen());
    await subscribeAll(alice, urls(tarpits));
    await subscribe(bob, crm.url);

    await refer(alice, 300);
    const delays: number[] = [];
    for (let i = 1; i <= 5; i++) {
      const started = Date.now();
      await refer(bob);
      await happened(() => crm.received.length === i, 60);
      delays.push(Date.now() - started);
    }
    console.log(`bob waited for ${delays.join(", ")} ms`);
    assert(Math.max(...delays) < 5_000, `${delays} ms`);
    assertEquals(once(crm.received).length, 5);
  });
}

Deno.test("a host that fails five times in a row is left alone, for its workspace only; a probe that fails doubles that, one that succeeds ends it", async () => {
  const { alice, bob } = await world();
  let status = 500;
  await using crm = listen(({ path }) => new Response(null, { status: path === "/alice" ? status : 204 }));
  const mine = await subscribe(alice, `${crm.url}/alice`);
  await subscribe(bob, `${crm.url}/bob`);
  const host = new URL(crm.url).host;
  const circuit = async () => {
    const [row] = await sql`
      select failures, openings, round(extract(epoch from open_until - now()) / 10)::int * 10 as seconds
      from private.webhook_circuits where company_id = ${alice.companyId} and host = ${host}
    `;
    return row && [row.failures, row.openings, row.seconds];
  };
  const due = () =>
    sql`
      update webhook_deliveries set due_at = now() where subscription_id = ${mine.id} and status = 'pending'
    `;
  const mayProbe = async () => {
    await sql`update private.webhook_circuits set open_until = now() where company_id = ${alice.companyId}`;
    await sql`select private.wake_dispatcher()`;
  };

  await refer(alice, 6);
  await tried(alice, mine);
  await eventually(async () => (await circuit())?.[0] === 6);
  assertEquals(await circuit(), [6, 1, 30]);

  await due();
  await refer(alice);
  await refer(bob);
  await happened(() => crm.to("/bob").length === 1);
  assertEquals([crm.to("/alice").length, (await circuit())?.[0]], [6, 6]);

  await mayProbe();
  await eventually(async () => (await circuit())?.[1] === 2);
  assertEquals([crm.to("/alice").length, await circuit()], [7, [7, 2, 60]]);

  status = 204;
  await mayProbe();
  await eventually(async () => await circuit() === undefined);
  await due();
  await sql`select private.wake_dispatcher()`;
  await settled(alice);
  await eventually(async () =>
    (await sql`select from webhook_deliveries where subscription_id = ${mine.id} and status = 'pending'`).length === 0
  );
  assertEquals([new Set(crm.to("/alice").map(({ headers }) => headers["webhook-id"])).size], [7]);
});

Deno.test("a delivery that cannot be read is recorded as that, and those that were claimed with it are sent", async () => {
  const { alice, bob } = await world();
  await using crm = listen();
  const [hers] = [await subscribe(alice, `${crm.url}/alice`), await subscribe(bob, `${crm.url}/bob`)];
  const [{ definition }] = await sql`
    select pg_get_functiondef('private.event_data(private.events)'::regprocedure) as definition
  `;
  await sql.unsafe(definition.replace(/begin/i, "begin if event.data ->> 'notes' = 'Poison' then raise 'No'; end if;"));
  try {
    await refer(alice, 3);
    await refer(alice, 1, "Poison");
    await refer(bob, 3);
    await happened(() => crm.to("/bob").length === 3 && crm.to("/alice").length === 3, 5);
    const [unread] = await eventually(async () => {
      const rows = await alice.gets(`/webhooks/subscriptions/${hers.id}/logs?status=pending`);
      return rows[0]?.attempt_count === 1 && rows;
    });
    assertEquals([unread.error, unread.response_status], ["The delivery cannot be read.", null]);
  } finally {
    await sql.unsafe(definition);
  }
  const circuits = await sql`select from private.webhook_circuits where company_id = ${alice.companyId}`;
  assertEquals([once(crm.received).length, circuits.length], [6, 0]);
});

Deno.test("a subscription that is being deleted holds up its workspace's events alone, and they are told to the others", async () => {
  const { alice, bob } = await world();
  await using crm = listen();
  const [doomed] = [await subscribe(alice, `${crm.url}/doomed`), await subscribe(alice, `${crm.url}/alice`)];
  await subscribe(bob, `${crm.url}/bob`);
  const deleted = Promise.withResolvers<void>();

  const deleting = sql.begin(async (tx) => {
    await tx`delete from webhook_subscriptions where id = ${doomed.id}`;
    await deleted.promise;
  });
  try {
    await eventually(async () =>
      (await sql`select from pg_stat_activity where state = 'idle in transaction' and query like 'delete%'`).length > 0
    );
    await refer(alice);
    await refer(bob);
    await happened(() => crm.to("/bob").length === 1, 5);
    assertEquals(crm.to("/alice").length, 0);
  } finally {
    deleted.resolve();
    await deleting;
  }
  await happened(() => crm.to("/alice").length === 1);
  assertEquals([crm.to("/doomed"), once(crm.received).length], [[], 2]);
});
