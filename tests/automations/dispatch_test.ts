import { assertEquals } from "@std/assert";
import type postgres from "postgres";
import { readConfig } from "../../supabase/functions/api/platform/config.ts";
import { dispatch } from "../../supabase/functions/api/dispatcher/dispatch.ts";
import { automate, runsOf, settled } from "../world/automations.ts";
import { listen, once, subscribe } from "../world/listener.ts";
import { mailbox, mailsTo, plan } from "../world/mailbox.ts";
import { call, chain, eventually, type Json, type Person, sql, stack, world } from "../world/world.ts";

const attribute = (config: Json): Json => ({ action_type: "attribute_referral", config });
const mail = (to: string): Json => ({
  action_type: "send_email",
  config: { to, subject: "Hello", body_html: "<p>Hello</p>" },
});

/** A stage of a pipeline that an opportunity of the person's can be moved to. */
async function stage(person: Person) {
  const { id: pipeline_id, stages: [{ id: stage_id }] } = await person.creates("/pipelines", {
    name: "New patients",
    stages: [{ name: "Booked" }],
  });
  return {
    trigger: { trigger_type: "stage_changed", stage_id },
    enter: (opportunity: Json) => person.post(`/opportunities/${opportunity.id}/move`, { pipeline_id, stage_id }),
  };
}

/** A dispatcher in this process, beside the function's. */
const dispatcher = () =>
  dispatch(readConfig({
    SUPABASE_URL: stack.url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secretKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    RESEND_API_KEY: "re_test",
    RESEND_BASE_URL: stack.mailUrl,
    MAIL_FROM: "referrals@example.com",
  }));

/** What the database does when something is due. */
async function wakeUp() {
  const [{ issued, signature }] = await sql`
    select issued, private.wake_up_signature(issued) as signature
    from (select extract(epoch from now())::bigint as issued) as now
  `;
  const headers = { "x-dispatch-time": String(issued), "x-dispatch-signature": signature };
  assertEquals((await call("POST", "/internal/dispatch", undefined, { headers })).status, 202);
}

Deno.test("one event runs its automations by priority, those of one priority in the order they were made", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  const { trigger, enter } = await stage(alice);
  const priorities = [0, 5, -5, 5, 1000, 0, -1000, 3, 2, 1, 0, 7, -1, 4, 6, -2, 8, 9, 10, -3];
  for (const [made, priority] of priorities.entries()) {
    const referrer = await alice.creates("/contacts", { first_name: `No ${made}` });
    await automate(
      alice,
      { ...trigger, priority },
      attribute({ referrer_contact_id: referrer.id, notes: `No ${made}` }),
    );
  }

  await enter(opportunity);

  await settled(alice);
  const written = await alice.gets("/referrals?source=automation&order=asc&limit=100");
  const expected = priorities.map((priority, made) => ({ priority, made }))
    .sort((one, other) => other.priority - one.priority || one.made - other.made);
  assertEquals(written.map(({ notes }: Json) => notes), expected.map(({ made }) => `No ${made}`));
});

Deno.test("an automation that fails, or is disabled, keeps no other from running", async () => {
  const { alice } = await world();
  const { referrer: rita, opportunity } = await chain(alice);
  const { trigger, enter } = await stage(alice);
  const failing = await automate(alice, { ...trigger, priority: 2 }, mail("referrer"), attribute({ notes: "Never" }));
  const disabled = await automate(alice, { ...trigger, priority: 1, enabled: false }, attribute({ notes: "Never" }));
  const working = await automate(alice, trigger, attribute({ notes: "Right" }), mail("referrer"));
  await using _ = await plan({ status: 500 }, { status: 500 });

  await enter(opportunity);

  const [[failed, ...more], [worked, ...others]] = [await runsOf(alice, failing), await runsOf(alice, working)];
  assertEquals([failed.status, failed.actions_failed, failed.actions_skipped, more], ["failed", 1, 1, []]);
  assertEquals([worked.status, worked.actions_executed, others], ["completed", 2, []]);
  assertEquals(await runsOf(alice, disabled), []);
  const [referral, ...rest] = await alice.gets("/referrals?source=automation");
  assertEquals([referral.notes, rest, (await mailsTo(rita.email)).length], ["Right", [], 1]);
});

Deno.test("of ten dispatchers, woken ten times over, one runs an automation for an event", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  const thank = await automate(
    alice,
    {
      trigger_type: "referral_attributed",
      conditions: { notes: { contains: "No" } },
    },
    mail("{{referrer_email}}"),
    attribute({ notes: "Told" }),
  );

  const ritas = (await sql`
    with ritas as (
      insert into crm_contacts (company_id, first_name, email)
      select ${alice.companyId}, 'Rita', gen_random_uuid() || '@example.com' from generate_series(1, 30)
      returning id, email
    ), told as (
      insert into referrals (company_id, referrer_contact_id, referred_deal_id, notes)
      select ${alice.companyId}, id, ${opportunity.id}, 'No ' || email from ritas
    )
    select email from ritas
  `).map(({ email }) => email);
  await Promise.all(Array.from({ length: 10 }, () => Promise.all([wakeUp(), dispatcher()])));

  await settled(alice);
  const runs = await sql`
    select status, claims, jsonb_array_length(private.action_results_of(id)) as results
    from automation_runs where automation_id = ${thank.id} and status <> 'skipped'
  `;
  assertEquals(runs.length, 30);
  assertEquals(
    new Set(runs.map((run) => JSON.stringify(run))),
    new Set([`{"status":"completed","claims":1,"results":2}`]),
  );
  assertEquals((await Promise.all(ritas.map(mailsTo))).map(({ length }) => length), Array(30).fill(1));
  assertEquals((await alice.gets("/referrals?source=automation")).length, 1);
});

Deno.test("an automation starts with what happens once it is enabled, a subscriber misses nothing that was under way", async () => {
  const { alice } = await world();
  const { id: rita } = await alice.creates("/contacts", { first_name: "Rita" });
  const trigger = { trigger_type: "referral_attributed" };
  const before = await automate(alice, trigger);
  const later = await automate(alice, { ...trigger, enabled: false });
  await using crm = listen();
  const refer = (tx: postgres.TransactionSql, notes: string) =>
    tx`insert into referrals (company_id, referrer_contact_id, notes) values (${alice.companyId}, ${rita}, ${notes})`;

  const made = await sql.begin(async (tx) => {
    await refer(tx, "Under way");
    await alice.changes(`/automations/${later.id}`, { enabled: true });
    await subscribe(alice, crm.url);
    return await automate(alice, trigger);
  });
  await sql.begin((tx) => refer(tx, "After"));

  const notes = async (automation: Json) => (await runsOf(alice, automation)).map((run) => run.trigger_data.notes);
  assertEquals(await notes(before), ["Under way", "After"]);
  assertEquals([await notes(later), await notes(made)], [["After"], ["After"]]);
  assertEquals(once(crm.received).map(({ data }) => data.notes).sort(), ["After", "Under way"]);
});

Deno.test("an automation that is deleted while it runs does no more, and the next one runs", async () => {
  const { alice } = await world();
  const { referrer: rita, opportunity } = await chain(alice);
  const { trigger, enter } = await stage(alice);
  const doomed = await automate(alice, trigger, mail("referrer"), attribute({ notes: "Never" }));
  const other = await automate(alice, { ...trigger, priority: -1 }, attribute({ notes: "Right" }));

  {
    await using _ = await plan({ hang: true });
    await enter(opportunity);
    await eventually(async () => (await mailbox("GET", "/faults")).json.length === 0);
    assertEquals((await alice.delete(`/automations/${doomed.id}`)).status, 204);
  }

  const [run, ...more] = await runsOf(alice, other);
  assertEquals([run.status, more, (await mailsTo(rita.email)).length], ["completed", [], 1]);
  const written = await alice.gets("/referrals?source=automation");
  assertEquals(written.map(({ notes }: Json) => notes), ["Right"]);
  assertEquals((await sql`select from automation_runs where automation_id = ${doomed.id}`).length, 0);
});

/** A run of an automation, due since `due`, that was taken so often and did not come to an end. */
const interrupted = (tx: postgres.ISql, { id, company_id }: Json, claims: number, due: Date) =>
  tx`
    with event as (
      insert into private.events (company_id, type, data, fanned_out_at)
      values (${company_id}, 'referral_attributed', '{}', now()) returning *
    )
    insert into automation_runs (company_id, automation_id, event_id, trigger_type, claims, due_at)
    select company_id, ${id}, id, type, ${claims}, ${due} from event returning id
  `.then(([{ id }]) => id);

Deno.test("a run that was interrupted three times is taken alone, and given up after twenty", async () => {
  const { alice } = await world();
  await alice.changes("/company/crm-settings", { mail_recipients: ["desk@example.com"] });
  const thank = await automate(alice, { trigger_type: "referral_attributed" }, mail("desk@example.com"));
  const rollBack = new Error("rolled back");
  const taken: Json[] = [];
  let errors: Json;

  await sql.begin(async (tx) => {
    await tx`update automation_runs set due_at = now() + interval '1 hour' where due_at is not null`;
    const ids: string[] = [];
    for (const claims of [3, 2, 0, 19, 20, 1]) ids.push(await interrupted(tx, thank, claims, new Date(ids.length)));
    for (let round = 0; round < 5; round++) {
      const [{ jobs }] = await tx`select private.claim_runs(16) as jobs`;
      taken.push(jobs.map((job: Json) => [ids.indexOf(job.run_id), job.runs_alone]).sort());
    }
    errors = await tx`select id, error from automation_runs where error is not null and id in ${tx(ids)}`;
    errors = errors.map(({ id, error }: Json) => [ids.indexOf(id), error]);
    throw rollBack;
  }).catch((error) => {
    if (error !== rollBack) throw error;
  });

  assertEquals(taken, [[[0, true]], [[1, false], [2, false], [5, false]], [[3, true]], [], []]);
  assertEquals(errors, [[4, "It was given up after twenty tries that did not come to an end."]]);
});

Deno.test("no other run goes on while one that was interrupted three times does", async () => {
  const { alice } = await world();
  await alice.changes("/company/crm-settings", { mail_recipients: ["desk@example.com"] });
  const thank = await automate(alice, { trigger_type: "referral_attributed" }, mail("desk@example.com"));
  const count = await automate(alice, { trigger_type: "referral_attributed" });
  const ended = async () =>
    (await sql`
      select automation_id from automation_runs
      where company_id = ${alice.companyId} and status = 'completed' order by completed_at
    `).map(({ automation_id }) => automation_id);
  const held = await plan({ hang: true });
  await sql.begin(async (tx) => {
    await interrupted(tx, thank, 3, new Date(0));
    await interrupted(tx, count, 0, new Date(1));
  });

  await wakeUp();
  await eventually(async () => (await mailbox("GET", "/faults")).json.length === 0);
  // In the time of these the other would have ended.
  for (let reads = 0; reads < 10; reads++) await alice.gets(`/automations/${count.id}/runs`);
  assertEquals(await ended(), []);
  await held[Symbol.asyncDispose]();

  await settled(alice);
  assertEquals(await ended(), [thank.id, count.id]);
});
