import { assertEquals } from "@std/assert";
import { automate, trigger } from "../world/automations.ts";
import { type Json, workspace } from "../world/world.ts";

/** An automation of Alice's clinic, and what a run of it with these conditions comes to. */
async function scene() {
  const alice = await workspace("Alice's clinic");
  const [rita, fred] = await Promise.all([
    alice.creates("/contacts", { first_name: "Rita", email: `rita-${crypto.randomUUID()}@example.com` }),
    alice.creates("/contacts", { first_name: "Fred", job_title: "Nurse" }),
  ]);
  const knee = await alice.creates("/opportunities", { name: "Fred's knee", contact_id: fred.id, value: 5000 });
  await alice.creates("/referrals", { referrer_contact_id: rita.id, referred_deal_id: knee.id });
  const automation = await automate(alice, { trigger_type: "referral_attributed", enabled: false });
  const trigger_data = { referred_deal_id: knee.id, category: "MRI", operation: "INSERT" };
  const run = async (conditions: Json): Promise<Json> => {
    await alice.changes(`/automations/${automation.id}`, { conditions });
    return await trigger(alice, automation, trigger_data);
  };
  return { rita, fred, knee, run };
}

Deno.test("every operator lets a run go on when it holds, and skips it when it does not", async () => {
  const { run } = await scene();
  const cases: [operator: string, name: string, met: Json[], unmet: Json[]][] = [
    ["eq", "category", ["MRI"], ["mri", "Physio", "", null]],
    ["eq", "deal.value", [5000, "5000"], [5001]],
    ["eq", "notes", [null], ["null"]],
    ["neq", "category", ["Physio", null], ["MRI"]],
    ["exists", "category", [true], [false]],
    ["exists", "notes", [false], [true]],
    ["not_exists", "notes", [true], [false]],
    ["not_exists", "category", [false], [true]],
    ["gt", "deal.value", [4999.99, "900"], [5000, 5001]],
    ["gte", "deal.value", [5000], [5000.01]],
    ["lt", "deal.value", [5000.01, "10000"], [5000, 4999]],
    ["lte", "deal.value", [5000], [4999.99]],
    ["gt", "occurred_at", ["2020-01-01"], ["2999-01-01"]],
    ["gt", "notes", [], [0]],
    ["lt", "notes", [], [1]],
    ["contains", "deal.name", ["KNEE", "d's k"], ["hip"]],
    ["contains", "notes", [], ["hip"]],
    ["not_contains", "deal.name", ["hip"], ["Knee"]],
    ["not_contains", "notes", ["hip"], []],
    ["in", "category", [["Physio", "MRI"]], [["Physio"], [null]]],
  ];

  for (const [operator, name, met, unmet] of cases) {
    for (const wanted of met) {
      const { status, error } = await run({ [name]: { [operator]: wanted } });
      assertEquals([name, operator, wanted, status, error], [name, operator, wanted, "completed", null]);
    }
    for (const wanted of unmet) {
      const { status, error } = await run({ [name]: { [operator]: wanted } });
      const reason = `The condition on ${name} (${operator}) does not hold.`;
      assertEquals([name, operator, wanted, status, error], [name, operator, wanted, "skipped", reason]);
    }
  }
});

Deno.test("all conditions must hold, each of several on one value too", async () => {
  const { run } = await scene();
  const holds = { category: { eq: "MRI", contains: "mr" }, "deal.value": { gte: 1000, lt: 9000 } };

  const all = await run(holds);
  const none = await run({});
  const one = await run({ ...holds, operation: { eq: "DELETE" } });
  const half = await run({ ...holds, "deal.value": { gte: 1000, lt: 5000 } });

  assertEquals([all.status, none.status], ["completed", "completed"]);
  assertEquals([one.status, one.error], ["skipped", "The condition on operation (eq) does not hold."]);
  assertEquals([half.status, half.error], ["skipped", "The condition on deal.value (lt) does not hold."]);
});

Deno.test("conditions see the opportunity by either name, its contact, its referrer and the workspace", async () => {
  const { rita, fred, knee, run } = await scene();

  for (
    const [name, value] of Object.entries({
      "deal.name": "Fred's knee",
      "opportunity.name": "Fred's knee",
      "deal.status": "open",
      "opportunity.id": knee.id,
      "deal.primary_referrer_contact_id": rita.id,
      "contact.id": fred.id,
      "contact.job_title": "Nurse",
      "referrer.email": rita.email,
      "company.name": "Alice's clinic",
    })
  ) {
    const [right, wrong] = [await run({ [name]: { eq: value } }), await run({ [name]: { neq: value } })];
    assertEquals([name, right.status, wrong.status], [name, "completed", "skipped"]);
  }
});
