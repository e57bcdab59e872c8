import { assertEquals, assertMatch } from "@std/assert";
import { contents } from "../world/contents.ts";
import { outcome, paths } from "../world/outcome.ts";
import { chain, type Json, type Person, type Reply, sql, world } from "../world/world.ts";

const onReferrals = { name: "On referrals", trigger_type: "referral_attributed" };

/** An automation of the person's that mails to a fixed address of their staff. */
async function mailing(person: Person, more: Json = {}, subject = "About {{deal.name}}"): Promise<Json> {
  const automation = await person.creates("/automations", { ...onReferrals, ...more });
  const desk = `desk-${automation.id}@example.com`;
  await person.changes("/company/crm-settings", { mail_recipients: [desk] });
  await person.creates(`/automations/${automation.id}/actions`, {
    action_type: "send_email",
    config: { to: desk, subject, body_html: "<p>{{contact.email}} {{notes}}</p>" },
  });
  return automation;
}

Deno.test("alice runs an automation that is not enabled, and is answered the run as it ended", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  const { id } = await mailing(alice);

  const reply = await alice.post(`/automations/${id}/trigger`, { trigger_data: { referred_deal_id: opportunity.id } });

  const run = reply.data;
  assertEquals(reply.status, 200, reply.text);
  assertEquals([run.automation_id, run.status, run.error], [id, "completed", null]);
  assertEquals([run.actions_total, run.actions_executed, run.actions_failed, run.actions_skipped], [1, 1, 0, 0]);
  assertEquals(run.trigger_data.referred_deal_id, opportunity.id);
  assertEquals([run.trigger_type, run.trigger_data.event_id], ["api", run.event_id]);
  const [result] = run.action_results;
  assertEquals([result.action_type, result.status, result.request.subject], [
    "send_email",
    "completed",
    "About Fred's knee",
  ]);
  for (const at of [run.started_at, run.completed_at, run.created_at, run.trigger_data.occurred_at]) {
    assertMatch(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  assertEquals(await alice.gets(`/automations/runs/${run.run_id}`), run);
  assertEquals(await alice.gets(`/automations/${id}/runs`), [run]);
});

Deno.test("trigger_data of a run by hand has the keys of any run's: what was not given is null", async () => {
  const { alice } = await world();
  const [{ id: stage_id }] = (await alice.creates("/pipelines", { name: "New", stages: [{ name: "Booked" }] })).stages;
  const given = { deal_id: crypto.randomUUID(), notes: "Mine" };

  for (const trigger of [{ trigger_type: "referral_attributed" }, { trigger_type: "stage_changed", stage_id }]) {
    const { id } = await alice.creates("/automations", { name: "By hand", ...trigger });
    const { data: run } = await alice.post(`/automations/${id}/trigger`, { trigger_data: given });

    const { sample_trigger_data } = await alice.gets(`/schemas/triggers/${trigger.trigger_type}`);
    const nothing = Object.fromEntries(Object.keys(sample_trigger_data).map((key) => [key, null]));
    const { event_id, occurred_at } = run.trigger_data;
    assertEquals(run.trigger_data, { ...nothing, ...given, event_id, occurred_at });
    assertEquals([event_id, typeof occurred_at], [run.event_id, "string"]);
  }
});

Deno.test("a run whose conditions do not hold is skipped, one whose action fails has failed, and runs are listed by that", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  const { id } = await mailing(alice, { conditions: { category: { eq: "MRI" } } });
  await alice.creates(`/automations/${id}/actions`, {
    action_type: "attribute_referral",
    config: { status: "{{notes}}" },
  });
  const trigger = async (trigger_data: Json) => (await alice.post(`/automations/${id}/trigger`, { trigger_data })).data;

  const skipped = await trigger({ category: "Physio" });
  const failed = await trigger({ category: "MRI", notes: "odd", referred_deal_id: opportunity.id });

  assertEquals([skipped.status, skipped.actions_total, skipped.actions_skipped], ["skipped", 2, 2]);
  assertEquals([skipped.action_results, skipped.actions_executed], [[], 0]);
  assertMatch(skipped.error, /category/);
  assertEquals([failed.status, failed.actions_executed, failed.actions_failed], ["failed", 1, 1]);
  assertEquals(failed.action_results.map((result: Json) => result.status), ["completed", "failed"]);
  for (const [status, runs] of Object.entries({ skipped: [skipped], failed: [failed], completed: [], running: [] })) {
    assertEquals(await alice.gets(`/automations/${id}/runs?status=${status}`), runs, status);
  }
  const wrong = await alice.get(`/automations/${id}/runs?status=odd`);
  assertEquals([outcome(wrong), paths(wrong)], [[400, "VALIDATION_ERROR"], ["status"]]);
});

Deno.test("a key that may only trigger runs an automation, and reads neither it nor its runs", async () => {
  const { alice } = await world();
  const { id } = await mailing(alice);
  const [trigger, reader] = [await alice.holding("automations:trigger"), await alice.holding("automations:write")];

  const run = await trigger.post(`/automations/${id}/trigger`, { trigger_data: {} });
  const refused = await reader.post(`/automations/${id}/trigger`, { trigger_data: {} });

  assertEquals([run.status, run.data.status, run.data.automation_id], [200, "completed", id]);
  assertEquals(outcome(refused), [403, "INSUFFICIENT_SCOPE"]);
  for (const path of [`/automations/${id}`, `/automations/${id}/runs`, `/automations/runs/${run.data.run_id}`]) {
    assertEquals(outcome(await trigger.get(path)), [403, "INSUFFICIENT_SCOPE"], path);
  }
  const around = await trigger.rest("GET", "/automation_runs?select=*");
  assertEquals([around.status, around.body], [200, []]);
  assertEquals((await alice.gets(`/automations/${id}/runs`)).length, 1);
});

Deno.test("alice's run sees nothing of bob's rows, whatever ids she gives it", async () => {
  const { alice, bob } = await world();
  const theirs = await chain(bob);
  await chain(alice);
  const { id } = await mailing(alice, {}, "Told: {{deal.name}}{{contact.email}}{{referrer.first_name}}.");
  const before = await contents(bob);
  const trigger = async (trigger_data: Json) => (await alice.post(`/automations/${id}/trigger`, { trigger_data })).data;

  for (
    const [deal, contact, referrer] of [["referred_deal_id", "referred_contact_id", "referrer_contact_id"], [
      "deal_id",
      "contact_id",
      "referrer_contact_id",
    ]]
  ) {
    const run = await trigger({
      [deal]: theirs.opportunity.id,
      [contact]: theirs.friend.id,
      [referrer]: theirs.referrer.id,
    });
    assertEquals([run.status, run.action_results[0].request.subject], ["completed", "Told: ."]);
  }
  assertEquals(await contents(bob), before);
});

Deno.test("trigger_data holds what triggers tell, but for the event's own, and each of it as it would be told", async () => {
  const { alice } = await world();
  const { id } = await mailing(alice);
  const before = await contents(alice);
  const wrong: [Json, string][] = [
    [{ referral_id: "x" }, "trigger_data.referral_id"],
    [{ stage_id: 1 }, "trigger_data.stage_id"],
    [{ referrer_email: "rita" }, "trigger_data.referrer_email"],
    [{ status: "odd" }, "trigger_data.status"],
    [{ operation: "TRUNCATE" }, "trigger_data.operation"],
    [{ previous: { colour: "red" } }, "trigger_data.previous.colour"],
    [{ previous: { status: "odd" } }, "trigger_data.previous.status"],
    [{ event_id: crypto.randomUUID() }, "trigger_data.event_id"],
    [{ occurred_at: "2026-11-22T09:30:00.000Z" }, "trigger_data.occurred_at"],
    [{ company_id: alice.companyId }, "trigger_data.company_id"],
    [[], "trigger_data"],
    [null, "trigger_data"],
  ];

  for (const [trigger_data, path] of wrong) {
    const reply = await alice.post(`/automations/${id}/trigger`, { trigger_data });
    assertEquals([trigger_data, outcome(reply), paths(reply)], [trigger_data, [400, "VALIDATION_ERROR"], [path]]);
  }
  for (const trigger_data of [[], 1, { notes: "x".repeat(70_000) }]) {
    const around = await alice.rest("POST", "/rpc/start_automation_run", { automation_id: id, trigger_data });
    assertEquals([around.status, around.body.code], [400, "VALIDATION_ERROR"]);
  }
  assertEquals(await contents(alice), before);
});

Deno.test("ids that are none, handed over around the function, harm no run of anybody's", async () => {
  const { alice } = await world();
  const { id } = await mailing(alice);
  const trigger_data = { deal_id: "x", contact_id: "' or true", referrer_contact_id: 7 };

  const started = await alice.rest("POST", "/rpc/start_automation_run", { automation_id: id, trigger_data });
  const next = await alice.post(`/automations/${id}/trigger`, { trigger_data: {} });

  assertEquals([started.status, next.data.status], [200, "completed"]);
  const [waiting] = await alice.gets(`/automations/${id}/runs?status=running`);
  assertEquals(waiting.run_id, started.body.run_id);
});

Deno.test("a run that could not be worked on at once is answered as running, and not started twice", async () => {
  const { alice } = await world();
  const { id } = await mailing(alice);
  const [{ definition }] = await sql`select pg_get_functiondef('public.run_job(uuid)'::regprocedure) as definition`;
  await sql.unsafe(`
    create or replace function public.run_job(run_id uuid) returns jsonb language plpgsql stable set search_path = ''
    as $$ begin raise sqlstate '57014'; end $$`);
  let reply: Reply;
  try {
    reply = await alice.post(`/automations/${id}/trigger`, { trigger_data: {} });
  } finally {
    await sql.unsafe(definition);
  }

  assertEquals([reply.status, reply.data?.status, reply.data?.completed_at], [200, "running", null]);
  assertEquals(await alice.gets(`/automations/${id}/runs`), [reply.data]);
});
