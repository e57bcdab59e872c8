import { assertEquals } from "@std/assert";
import { automate, runsOf, settled } from "../world/automations.ts";
import { listen, once, subscribe } from "../world/listener.ts";
import { chain, type Json, sql, world } from "../world/world.ts";

const ended = "A chain of automations ends at depth 5: this one was not run.";
const itself = "An automation does not start itself: this run stems from what it wrote, and was not run.";
const tooMany = "This write has started 100 runs already: this one was not run.";
const onReferrals = { trigger_type: "referral_attributed" };
const attribute = (notes: string): Json => ({ action_type: "attribute_referral", config: { notes } });
const outcomes = (runs: Json[]) => runs.map(({ status }) => status);

Deno.test("an automation is not started by what it wrote: a run that failed says so", async () => {
  const { alice } = await world();
  const same = await automate(alice, onReferrals, attribute("Attributed"));

  await chain(alice);

  const runs = await runsOf(alice, same);
  assertEquals(runs.map(({ status, error }) => [status, error]), [["completed", null], ["failed", itself]]);
  assertEquals([runs[1].actions_executed, runs[1].action_results], [0, []]);
  assertEquals((await alice.gets("/referrals")).length, 2);
});

Deno.test("an automation that always changes what triggers it is stopped at once, each time anew", async () => {
  const { alice } = await world();
  await using crm = listen();
  await subscribe(alice, crm.url);
  const restless = await automate(alice, onReferrals, attribute("{{event_id}}"));

  const { referral } = await chain(alice);

  const runs = await runsOf(alice, restless);
  const events = once(crm.received).map(({ data }) => data);
  assertEquals([outcomes(runs), runs[1].error, events.length], [["completed", "failed"], itself, 2]);
  const [own] = await alice.gets("/referrals?source=automation");
  assertEquals([own.notes, runs[1].trigger_data.notes], [runs[0].event_id, runs[0].event_id]);
  assertEquals(await alice.gets(`/referrals/${referral.id}`), referral);

  await alice.changes(`/referrals/${referral.id}`, { status: "accepted" });
  assertEquals(outcomes(await runsOf(alice, restless)), [...outcomes(runs), ...outcomes(runs)]);
});

Deno.test("two automations that keep setting each other off are stopped at depth 5 by a run that says so, and others go on", async () => {
  const { alice, bob } = await world();
  const ping = await automate(alice, {
    ...onReferrals,
    conditions: { notes: { not_contains: "by ping" } },
  }, attribute("by ping {{event_id}}"));
  const pong = await automate(alice, {
    ...onReferrals,
    conditions: { notes: { contains: "by ping" } },
  }, attribute("by pong {{event_id}}"));
  const theirs = await automate(bob, onReferrals, attribute("Attributed"));

  await Promise.all([chain(alice), chain(bob)]);

  const runs = [await runsOf(alice, ping), await runsOf(alice, pong), await runsOf(bob, theirs)];
  // What each wrote itself starts it once only, in vain.
  assertEquals(runs.map(outcomes), [
    ["completed", "skipped", "completed", "completed"],
    ["skipped", "completed", "skipped", "completed", "failed"],
    ["completed", "failed"],
  ]);
  assertEquals([runs[1][4].error, runs[2][1].error], [ended, itself]);
  const depths = await sql`
    select depth from automation_runs where automation_id in ${sql([ping.id, pong.id])} and status = 'completed'
    order by created_at
  `;
  assertEquals(depths.map(({ depth }) => depth), [0, 1, 2, 3, 4]);
});

Deno.test("two automations that set each other off four times over make 100 runs of one write, and one each says so", async () => {
  const { alice, bob } = await world();
  const referrers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => alice.creates("/contacts", { first_name: `Rita ${i}` })),
  );
  const branching = (some: Json[]) =>
    automate(
      alice,
      { ...onReferrals, enabled: false },
      ...some.map(({ id }) => ({
        action_type: "attribute_referral",
        config: { referrer_contact_id: id, notes: "{{event_id}}" },
      })),
    );
  const both = [await branching(referrers.slice(0, 4)), await branching(referrers.slice(4))];
  const { opportunity } = await chain(alice);
  await settled(alice);
  for (const { id } of both) await alice.changes(`/automations/${id}`, { enabled: true });
  const theirs = await automate(bob, onReferrals, attribute("Attributed"));

  await alice.creates("/referrals", { referrer_contact_id: referrers[0].id, referred_deal_id: opportunity.id });
  await settled(alice, 60);
  await chain(bob);

  const runs = await sql`
    select automation_id, status, error, count(*)::int from automation_runs
    where company_id = ${alice.companyId} group by automation_id, status, error
  `;
  const count = (status: string, error: string | null) =>
    runs.filter((run) => run.status === status && run.error === error).map((run) => run.count).sort();
  assertEquals(count("completed", null).reduce((sum, one) => sum + one), 100);
  assertEquals([count("failed", itself), count("failed", tooMany)], [[1, 1], [1, 1]]);
  assertEquals(runs.filter((run) => run.status !== "completed" && run.count > 1), []);
  assertEquals(outcomes(await runsOf(bob, theirs)), ["completed", "failed"]);
});

Deno.test("what an automation writes is told of like any write, and a stage it was moved to runs once", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  await settled(alice);
  const { id: pipeline_id, stages: [{ id: stage_id }] } = await alice.creates("/pipelines", {
    name: "New patients",
    stages: [{ name: "Booked" }],
  });
  const first = await automate(alice, { trigger_type: "stage_changed", stage_id }, attribute("{{event_id}}"));
  const next = await automate(alice, { ...onReferrals, conditions: { source: { eq: "automation" } } });

  await alice.post(`/opportunities/${opportunity.id}/move`, { pipeline_id, stage_id });

  const [[moved, ...again], [attributed, ...more]] = [await runsOf(alice, first), await runsOf(alice, next)];
  assertEquals([moved.status, attributed.status, again, more], ["completed", "completed", [], []]);
  assertEquals(attributed.trigger_data.referral_id, moved.action_results[0].response.referral_id);
  assertEquals(attributed.trigger_data.notes, moved.event_id);
});
