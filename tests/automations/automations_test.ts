import { assertEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { outcome, paths } from "../world/outcome.ts";
import { type Json, type Person, type Reply, world } from "../world/world.ts";

/** Two stages of a pipeline of the person's. */
async function stagesOf(person: Person): Promise<string[]> {
  const stages = [{ name: "Enquiry" }, { name: "Booked" }];
  const pipeline = await person.creates("/pipelines", { name: "New patients", stages });
  return pipeline.stages.map((stage: Json) => stage.id);
}

const onReferrals = { name: "On referrals", trigger_type: "referral_attributed" };

Deno.test("an automation is where Location says, reads back the same, and is not enabled by itself", async () => {
  const { alice } = await world();

  const created = await alice.post("/automations", onReferrals);

  const { id } = created.data;
  assertEquals(created.status, 201, created.text);
  assertEquals(created.headers.get("location")?.endsWith(`/functions/v1/api/v1/automations/${id}`), true);
  const triggers = [{ trigger_type: "referral_attributed", config: { stage_id: null, conditions: {} } }];
  assertEquals(await alice.gets(`/automations/${id}`), {
    ...created.data,
    triggers,
    actions: [],
    automations_triggers: triggers,
    automations_actions: [],
  });
  assertEquals({ ...created.data, id: "", created_at: "", updated_at: "" }, {
    id: "",
    company_id: alice.companyId,
    ...onReferrals,
    description: null,
    stage_id: null,
    conditions: {},
    enabled: false,
    priority: 0,
    created_by: alice.keyId,
    created_at: "",
    updated_at: "",
  });
});

Deno.test("a change replaces what it names and keeps the rest; a deleted one is gone with its actions and runs", async () => {
  const { alice } = await world();
  const conditions = { category: { eq: "MRI" }, "deal.value": { gte: 5000 } };
  const automation = await alice.creates("/automations", { ...onReferrals, conditions, priority: 7 });
  const path = `/automations/${automation.id}`;
  await alice.creates(`${path}/actions`, { action_type: "attribute_referral" });
  const { data: run } = await alice.post(`${path}/trigger`, { trigger_data: { category: "Physio" } });

  const changed = await alice.changes(path, { enabled: true, conditions: { status: { in: ["pending"] } } });
  const deleted = await alice.delete(path);

  assertEquals({ ...changed, updated_at: automation.updated_at }, {
    ...automation,
    enabled: true,
    conditions: { status: { in: ["pending"] } },
  });
  assertEquals([deleted.status, deleted.text], [204, ""]);
  for (const gone of [path, `${path}/actions`, `${path}/runs`, `/automations/runs/${run.run_id}`]) {
    assertEquals(outcome(await alice.get(gone)), [404, "NOT_FOUND"], gone);
  }
  const left = await contents(alice);
  assertEquals([left.automations, left.automation_actions, left.automation_runs], [[], [], []]);
});

Deno.test("alice lists her automations by trigger, by stage and by whether they are enabled", async () => {
  const { alice } = await world();
  const [enquiry, booked] = await stagesOf(alice);
  const [referral, first, second] = await Promise.all([
    alice.creates("/automations", { ...onReferrals, enabled: true }),
    alice.creates("/automations", { name: "First", trigger_type: "stage_changed", stage_id: enquiry }),
    alice.creates("/automations", { name: "Second", trigger_type: "stage_changed", stage_id: booked, enabled: true }),
  ]);
  const expected = {
    "trigger_type=referral_attributed": [referral],
    "trigger_type=stage_changed": [first, second],
    [`stage_id=${enquiry.toUpperCase()}`]: [first],
    "enabled=true": [referral, second],
    "enabled=false": [first],
    [`enabled=true&stage_id=${booked}`]: [second],
    [`enabled=false&stage_id=${booked}`]: [],
  };

  for (const [query, rows] of Object.entries(expected)) {
    const { data } = await alice.get(`/automations?${query}`);
    const ids = (found: Json[]) => found.map(({ id }) => id).sort();
    assertEquals(ids(data), ids(rows), query);
  }
  for (const wrong of ["trigger_type=odd", "enabled=1", "enabled=", "stage_id=x"]) {
    assertEquals(outcome(await alice.get(`/automations?${wrong}`)), [400, "VALIDATION_ERROR"], wrong);
  }
});

Deno.test("a stage goes with stage_changed, which needs one, and with nothing else", async () => {
  const { alice } = await world();
  const [stage_id] = await stagesOf(alice);
  const staged = { name: "Staged", trigger_type: "stage_changed", stage_id };
  const [one, other] = [await alice.creates("/automations", staged), await alice.creates("/automations", onReferrals)];
  const before = await contents(alice);

  const replies: [Reply, unknown[], string[]][] = [
    [await alice.post("/automations", { ...staged, stage_id: null }), [400, "MISSING_FIELDS"], ["stage_id"]],
    [await alice.post("/automations", { trigger_type: "stage_changed" }), [400, "MISSING_FIELDS"], [
      "name",
      "stage_id",
    ]],
    [await alice.post("/automations", { ...onReferrals, stage_id }), [400, "VALIDATION_ERROR"], ["stage_id"]],
    [await alice.patch(`/automations/${one.id}`, { stage_id: null }), [400, "VALIDATION_ERROR"], ["stage_id"]],
    [
      await alice.patch(`/automations/${one.id}`, { trigger_type: "referral_attributed" }),
      [400, "VALIDATION_ERROR"],
      ["stage_id"],
    ],
    [await alice.patch(`/automations/${other.id}`, { stage_id }), [400, "VALIDATION_ERROR"], ["stage_id"]],
    [
      await alice.patch(`/automations/${other.id}`, { trigger_type: "stage_changed" }),
      [400, "VALIDATION_ERROR"],
      ["stage_id"],
    ],
  ];
  for (const [index, [reply, expected, fields]] of replies.entries()) {
    assertEquals([index, outcome(reply), paths(reply)], [index, expected, fields]);
  }
  assertEquals(await contents(alice), before);

  const turned = await alice.changes(`/automations/${one.id}`, { trigger_type: "referral_attributed", stage_id: null });
  assertEquals([turned.trigger_type, turned.stage_id], ["referral_attributed", null]);
});
