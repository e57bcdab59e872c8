import { assertEquals } from "@std/assert";
import { automate, trigger } from "../world/automations.ts";
import { contents } from "../world/contents.ts";
import { chain, eventually, type Json, type Person, sql, world } from "../world/world.ts";

/** Fred's knee, which Rita referred, and a disabled automation that attributes it as `config` says when it is triggered. */
async function scene(config: Json = {}) {
  const { alice, bob } = await world();
  const { referrer: rita, friend: fred, opportunity: knee, referral } = await chain(alice);
  const attribute = { trigger_type: "referral_attributed", enabled: false };
  const tag = await automate(alice, attribute, { action_type: "attribute_referral", config });
  const runs = (more: Json = {}) => trigger(alice, tag, { referred_deal_id: knee.id, ...more });
  const [action] = await alice.gets(`/automations/${tag.id}/actions`);
  const configures = (config: Json) => alice.changes(`/automations/${tag.id}/actions/${action.id}`, { config });
  return { alice, bob, rita, fred, knee, referral, tag, runs, configures };
}

const written = (person: Person): Promise<Json[]> => person.gets("/referrals?source=automation&order=asc");
/** How often a referral has been written. */
const writes = async ({ id }: Json) =>
  (await sql`select from private.events where data ->> 'referral_id' = ${id}`).length;
const gist = ({ action_results: [{ request, response }] }: Json) => [request, response.operation];

Deno.test("a run writes the opportunity's referral: of its primary contact, or of whom the config names", async () => {
  const { alice, rita, fred, knee, runs, configures } = await scene();
  const sam = await alice.creates("/contacts", { first_name: "Sam" });

  const byDefault = await runs();
  const [{ id, created_at: _c, updated_at: _u, ...row }, ...more] = await written(alice);
  assertEquals([byDefault.status, more], ["completed", []]);
  assertEquals(byDefault.action_results[0].response, { referral_id: id, operation: "created" });
  assertEquals(row, {
    company_id: alice.companyId,
    referrer_contact_id: fred.id,
    referred_contact_id: null,
    referred_deal_id: knee.id,
    source: "automation",
    status: "pending",
    category: null,
    notes: null,
    converted_at: null,
    created_by: null,
  });

  await configures({ referrer_contact_id: sam.id });
  const byId = await runs();
  const [bySam] = await written(alice);
  await configures({ referrer_contact_id: "{{referrer_contact_id}}" });
  const tess = await alice.creates("/contacts", { first_name: "Tess" });
  const byToken = await runs({ referrer_contact_id: tess.id });

  assertEquals([byId, byToken].map(gist), [
    [{ referrer_contact_id: sam.id }, "updated"],
    [{ referrer_contact_id: tess.id }, "updated"],
  ]);
  assertEquals([bySam.referrer_contact_id, bySam.referred_contact_id], [sam.id, fred.id]);
  const [last, ...others] = await written(alice);
  assertEquals([last.id, last.referrer_contact_id, last.referred_contact_id, others], [id, tess.id, fred.id, []]);
  assertEquals((await alice.gets(`/opportunities/${knee.id}`)).primary_referrer_contact_id, tess.id);
  assertEquals((await alice.gets(`/referrals?referrer_contact_id=${rita.id}`)).length, 1);
});

Deno.test("tokens take their values where the config names them, and nothing where there is none", async () => {
  const { alice, fred, runs } = await scene({
    category: "{{category}}",
    status: "{{status}}",
    notes:
      " {{deal.name}} of {{ contact.first_name }}, by {{referrer.first_name}}: {{notes}}{{company.name}} {{{event_id}}} ",
  });

  const first = await runs({ category: "MRI", status: "accepted", notes: "{{deal.id}} $& " });
  const [referral] = await written(alice);
  const second = await runs({ status: "accepted" });
  const [changed] = await written(alice);

  const notes = (run: Json, text: string) => `Fred's knee of Fred, by Rita: ${text}Alice's clinic {${run.event_id}}`;
  assertEquals([referral.category, referral.status, referral.referrer_contact_id], ["MRI", "accepted", fred.id]);
  assertEquals(referral.notes, notes(first, "{{deal.id}} $& "));
  // The referral that the first run wrote has made Fred the referrer.
  assertEquals([changed.category, changed.notes], [null, notes(second, "").replace("Rita", "Fred")]);
  assertEquals(gist(second), [{ category: null, status: "accepted", notes: changed.notes }, "updated"]);
});

Deno.test("running again changes the referral that was written before, and writes nothing when nothing would change", async () => {
  const { alice, fred, knee, referral, runs, configures } = await scene({ category: "MRI", notes: "One" });
  const operations = [gist(await runs())[1], gist(await runs())[1]];
  const [first] = await written(alice);
  const once = await writes(first);
  await alice.changes(`/referrals/${first.id}`, { status: "accepted" });

  for (const config of [{ category: "MRI" }, { notes: "Two" }, { category: null }, {}, { status: "converted" }]) {
    await configures(config);
    operations.push(gist(await runs())[1]);
  }

  assertEquals([operations, once], [
    ["created", "unchanged", "unchanged", "updated", "updated", "unchanged", "updated"],
    1,
  ]);
  const [last, ...more] = await written(alice);
  const changed = { category: null, notes: "Two", status: "converted" };
  const { converted_at, updated_at, ...kept } = last;
  assertEquals([{ ...kept, ...changed, converted_at: null, updated_at: first.updated_at }, more], [
    { ...first, ...changed },
    [],
  ]);
  assertEquals([typeof converted_at, updated_at > first.updated_at, await writes(first)], ["string", true, 5]);
  assertEquals(await alice.gets(`/referrals/${referral.id}`), referral);

  await alice.delete(`/referrals/${first.id}`);
  await alice.changes(`/opportunities/${knee.id}`, { contact_id: null });
  await configures({ referrer_contact_id: fred.id });
  assertEquals(gist(await runs())[1], "created");
});

Deno.test("a chain that somebody else has put on record is left to them", async () => {
  const { alice, rita, referral, runs, configures } = await scene({
    referrer_contact_id: "{{referrer.id}}",
    category: "Mine",
  });

  const first = await runs();
  const none = await written(alice);
  await configures({});
  const own = await runs();
  await configures({ referrer_contact_id: rita.id, category: "Mine" });
  const again = await runs();

  const left = { referral_id: referral.id, operation: "unchanged" };
  assertEquals([first, again].map(({ action_results: [{ response }] }) => response), [left, left]);
  assertEquals([none, gist(own)[1]], [[], "created"]);
  assertEquals(await alice.gets(`/referrals/${referral.id}`), referral);
});

Deno.test("a chain that somebody puts on record while a run does is left to them, and the run goes on", async () => {
  const { alice, rita, fred, knee, referral, runs } = await scene({ referrer_contact_id: "{{referrer_contact_id}}" });
  await alice.delete(`/referrals/${referral.id}`);
  const [isWritten, mayCommit] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
  const writing = sql.begin(async (tx) => {
    const [{ id }] = await tx`
      insert into referrals (company_id, referrer_contact_id, referred_contact_id, referred_deal_id)
      values (${alice.companyId}, ${rita.id}, ${fred.id}, ${knee.id}) returning id
    `;
    isWritten.resolve(id);
    await mayCommit.promise;
  });
  const theirs = await isWritten.promise;

  const running = runs({ referrer_contact_id: rita.id });
  await eventually(async () =>
    (await sql`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%run_attribute_referral%'`)
      .length > 0
  );
  mayCommit.resolve();
  const [run] = await Promise.all([running, writing]);

  assertEquals([run.status, run.action_results[0].response], ["completed", {
    referral_id: theirs,
    operation: "unchanged",
  }]);
  assertEquals([(await alice.gets("/referrals")).length, await written(alice)], [1, []]);
  assertEquals(await writes({ id: theirs }), 1);
});

Deno.test("of many runs for one opportunity at once one creates the referral", async () => {
  const { alice, runs } = await scene({ notes: "Once" });

  const all = await Promise.all(Array.from({ length: 12 }, () => runs()));

  const operations = all.map((run) => gist(run)[1]).sort();
  assertEquals(operations, ["created", ...Array(11).fill("unchanged")]);
  assertEquals((await written(alice)).length, 1);
});

Deno.test("an action that cannot be carried out ends its run with what it was answered, and nothing is written", async () => {
  const { alice, bob, tag, runs, configures } = await scene();
  const theirs = await chain(bob);
  const hip = await alice.creates("/opportunities", { name: "Nobody's hip" });
  await alice.creates(`/automations/${tag.id}/actions`, {
    action_type: "attribute_referral",
    config: { notes: "Next" },
  });
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  const cases: [config: Json, trigger_data: Json, error: string][] = [
    [
      {},
      { referred_deal_id: hip.id },
      "There is no referrer: the opportunity has no primary contact, and the action names nobody.",
    ],
    [{}, { referred_deal_id: theirs.opportunity.id }, "The event names no opportunity to attribute."],
    [{}, { referred_deal_id: null }, "The event names no opportunity to attribute."],
    [
      { referrer_contact_id: "{{referrer_contact_id}}" },
      { referrer_contact_id: theirs.referrer.id },
      "referrer_contact_id names no contact of this workspace.",
    ],
    [
      { referrer_contact_id: "{{referral_id}}" },
      { referral_id: crypto.randomUUID() },
      "referrer_contact_id names no contact of this workspace.",
    ],
    [{ referrer_contact_id: "{{notes}}" }, { notes: "Rita" }, "referrer_contact_id ({{notes}}) gives no contact's id."],
    [{ category: "Dentist" }, {}, "category is not one of this workspace's referral categories."],
    [{ category: "{{notes}}" }, { notes: "x".repeat(81) }, "category comes to more than 80 characters."],
    [
      { status: "{{notes}}" },
      { notes: "lost" },
      "status ({{notes}}) gives none of pending, accepted, converted, declined.",
    ],
    [{ notes: "{{from_stage_id}}" }, {}, "notes names {{from_stage_id}}, which this trigger does not have."],
  ];
  const before = [await contents(alice), await contents(bob)];

  for (const [config, trigger_data, error] of cases) {
    await configures(config);
    const run = await runs(trigger_data);
    const [result, ...others] = run.action_results;
    assertEquals([run.status, run.error], ["failed", `attribute_referral failed: ${error}`]);
    assertEquals([result.status, result.error, result.response, others], ["failed", error, null, []]);
    assertEquals([run.actions_total, run.actions_executed, run.actions_failed, run.actions_skipped], [2, 0, 1, 1]);
  }

  const own = { automation_runs: [], automation_actions: [], audit_log: [] };
  const [mine, bobs] = [await contents(alice), await contents(bob)];
  assertEquals([{ ...mine, ...own }, bobs], [{ ...before[0], ...own }, before[1]]);
});
