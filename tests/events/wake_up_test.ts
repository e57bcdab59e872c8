import { assertEquals } from "@std/assert";
import postgres from "postgres";
import { settled } from "../world/automations.ts";
import { listen, once, subscribe } from "../world/listener.ts";
import { type Json, sql, stack, workspace } from "../world/world.ts";

/** A workspace with a referrer, and an endpoint that is told of its referrals. */
async function scene() {
  const alice = await workspace("Alice's clinic");
  const crm = listen();
  await subscribe(alice, crm.url);
  const { id: referrer_contact_id } = await alice.creates("/contacts", { first_name: "Rita" });
  return { alice, crm, referral: { company_id: alice.companyId, referrer_contact_id } };
}

/** Has pg_net's queue for itself, and empties it: what was queued is the sweep's to send again. */
async function alone(tx: postgres.TransactionSql) {
  await tx`lock table net.http_request_queue`;
  await tx`delete from net.http_request_queue`;
}

const wakeUps = async (tx: postgres.TransactionSql) =>
  (await tx`select id from net.http_request_queue where url like '%/internal/dispatch'`).length;

Deno.test("a statement that writes a thousand referrals wakes the dispatcher once, and each is told of once", async () => {
  const { alice, crm, referral } = await scene();
  await using _ = crm;

  const [first, second] = await sql.begin(async (tx) => {
    await alone(tx);
    await tx`
      insert into referrals (company_id, referrer_contact_id, notes)
      select ${alice.companyId}, ${referral.referrer_contact_id}, 'No ' || i from generate_series(1, 1000) as i
    `;
    const first = await wakeUps(tx);
    await tx`update referrals set status = 'accepted' where company_id = ${alice.companyId} and notes = 'No 7'`;
    return [first, await wakeUps(tx)];
  });

  await settled(alice, 30);
  const events = once(crm.received).map(({ data }) => data);
  const inserted = events.filter(({ operation }) => operation === "INSERT");
  assertEquals([first, second, events.length], [1, 1, 1001]);
  assertEquals(
    inserted.map(({ notes }) => notes).sort(),
    Array.from({ length: 1000 }, (_, i) => `No ${i + 1}`).sort(),
  );
});

Deno.test("a wake-up that was lost keeps nobody from waking the dispatcher: not the next write, not the sweep", async () => {
  const { alice, crm, referral } = await scene();
  await using _ = crm;
  const rollBack = new Error("rolled back");
  const counts: number[] = [];

  for (const age of [60, 2]) {
    for (const wakes of ["write", "sweep"]) {
      await sql.begin(async (tx) => {
        await alone(tx);
        await tx`insert into referrals ${tx(referral)}`;
        await tx`delete from net.http_request_queue`;
        // What pg_net leaves in its queue when its worker missed the wake.
        await tx`
          select net.http_post('http://127.0.0.1:9/internal/dispatch', headers => jsonb_build_object(
            'Content-Type', 'application/json', 'X-Dispatch-Time', (extract(epoch from now())::bigint - ${age}::int)::text
          ))
        `;
        if (wakes === "write") await tx`insert into referrals ${tx(referral)}`;
        else await tx`select private.sweep()`;
        counts.push(await wakeUps(tx));
        throw rollBack;
      }).catch((error) => {
        if (error !== rollBack) throw error;
      });
    }
  }

  // One that is young is still under way.
  assertEquals(counts, [2, 2, 1, 1]);
  assertEquals(await alice.gets("/referrals"), []);
});

Deno.test("what is rolled back is told to nobody", async () => {
  const { alice, crm, referral } = await scene();
  await using _ = crm;

  const written = await sql.begin(async (tx) => {
    await tx`insert into referrals ${tx(referral)}`;
    await tx`update referrals set status = 'accepted' where company_id = ${alice.companyId}`;
    const [{ count }] = await tx`select count(*)::int from private.events where company_id = ${alice.companyId}`;
    throw count;
  }).catch((count) => count);
  await alice.creates("/referrals", { referrer_contact_id: referral.referrer_contact_id, notes: "Kept" });

  await settled(alice);
  const events = once(crm.received).map(({ data }) => data);
  assertEquals([written, events.map(({ operation, notes }) => [operation, notes])], [2, [["INSERT", "Kept"]]]);
});

Deno.test("a wake-up that goes wrong fails no writer, and the sweep has the event told all the same", async () => {
  const { alice, crm, referral } = await scene();
  await using _ = crm;
  const warnings: Json[] = [];
  await using opened = new AsyncDisposableStack();
  const admin = postgres(stack.superuserUrl, { max: 1, onnotice: ({ message }) => warnings.push(message) });
  opened.defer(() => admin.end());
  const [{ id, url }] = await admin`
    select id, decrypted_secret as url from vault.decrypted_secrets where name = 'referrals_dispatch_url'
  `;
  const [{ http_post }] = await admin`
    select pg_get_functiondef(oid) as http_post from pg_proc
    where pronamespace = 'net'::regnamespace and proname = 'http_post'
  `;
  const raising = http_post.replace(/\$function\$.*\$function\$/s, "$$$$ begin raise 'pg_net is out'; end $$$$");
  const faults = {
    "an address that is none": [
      `select vault.update_secret('${id}', 'not a url')`,
      `select vault.update_secret('${id}', '${url}')`,
    ],
    "a call that raises": [raising, http_post],
    "no schema": ["alter schema net rename to net_away", "alter schema net_away rename to net"],
  };

  for (const [notes, [breaks, mends]] of Object.entries(faults)) {
    await admin.begin(async (tx) => {
      await alone(tx);
      await tx.unsafe(breaks);
      await tx`insert into referrals ${tx({ ...referral, notes })}`;
      await tx.unsafe(mends);
      assertEquals(await wakeUps(tx), 0);
    });
  }
  const written = await alice.gets("/referrals");

  assertEquals(written.map(({ notes }: Json) => notes).sort(), Object.keys(faults).sort());
  assertEquals(warnings.map((message) => message.split(":")[0]), Array(3).fill("The dispatcher was not woken"));
  await settled(alice);
  assertEquals(once(crm.received).map(({ data }) => data.notes).sort(), Object.keys(faults).sort());
});
