import { assertEquals } from "@std/assert";
import { automate, runsOf, settled } from "../world/automations.ts";
import { listen, once, subscribe } from "../world/listener.ts";
import { chain, type Json, sql, world } from "../world/world.ts";

const ended = "A chain of automations ends at depth 5: this one was not run.";
const onReferrals = { trigger_type: "referral_attributed" };
const attribute = (notes: string): Json => ({
  action_type: "attribute_referral",
  config: { referrer_contact_id: "{{contact.id}}", notes },
});
const outcomes = (runs: Json[]) => runs.map(({ status }) => status);

Deno.test("an automation that triggers itself stops by itself when nothing changes any more", async () => {
  const { alice } = await world();
  const same = await automate(alice, onReferrals, attribute("Attributed"));

  await chain(alice);

  const runs = await runsOf(alice, same);
  assertEquals(runs.map(({ action_results: [{ response }] }) => response.operation), ["created", "unchanged"]);
  assertEquals((await alice.gets("/referrals")).length, 2);
});

Deno.test("an automation that always changes what triggers it is stopped at depth 5 by a run that says so", async () => {
  const { alice } = await world();
  await using crm = listen();
  await subscribe(alice, crm.url);
  const restless = await automate(alice, onReferrals, attribute("{{event_id}}"));

  const { referral } = await chain(alice);

  const runs = await runsOf(alice, restless);
  const events = once(crm.received).map(({ data }) => data);
  const last = runs[5];
  assertEquals(outcomes(runs), [...Array(5).fill("completed"), "failed"]);
  assertEquals([last.error, last.actions_executed, last.action_results], [ended, 0, []]);
  assertEquals([events.length, new Set(runs.map(({ event_id }) => event_id)).size], [6, 6]);
  const [own] = await alice.gets("/referrals?source=automation");
  assertEquals([own.notes, last.trigger_data.notes], [runs[4].event_id, runs[4].event_id]);
  assertEquals(await alice.gets(`/referrals/${referral.id}`), referral);

  await alice.changes(`/referrals/${referral.id}`, { status: "accepted" });
  assertEquals(outcomes(await runsOf(alice, restless)), [...outcomes(runs), ...outcomes(runs)]);
});

Deno.test("two automations that keep setting each other off are stopped likewise, and others go on", async () => {
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
  assertEquals(runs.map(outcomes), [
    ["completed", "skipped", "completed", "skipped", "completed", "failed"],
    ["skipped", "completed", "skipped", "completed", "skipped", "failed"],
    ["completed", "completed"],
  ]);
  assertEquals(runs.slice(0, 2).map(([, , , , , { error }]) => error), [ended, ended]);
  const depths = await sql`
    select depth from automation_runs where automation_id = ${ping.id} order by created_at
  `;
  assertEquals(depths.map(({ depth }) => depth), [0, 1, 2, 3, 4, 5]);
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
