import { assertEquals, assertStringIncludes } from "@std/assert";
import { contents } from "../world/contents.ts";
import { outcome, paths } from "../world/outcome.ts";
import { world } from "../world/world.ts";

const onReferrals = { name: "On referrals", trigger_type: "referral_attributed" };

Deno.test("conditions take every operator with the values that it compares", async () => {
  const { alice } = await world();
  const conditions = {
    category: { eq: "MRI", neq: null, exists: true, not_exists: false },
    "deal.value": { gt: 1, gte: 2.5, lt: 1e9, lte: "5000" },
    notes: { contains: "knee", not_contains: "100%", in: ["a", 1, true, null] },
    "opportunity.name": { eq: true },
  };

  const automation = await alice.creates("/automations", { ...onReferrals, conditions });

  assertEquals(automation.conditions, conditions);
});

const variables = ["referral_id", "deal.value", "opportunity.name", "contact.email", "referrer.phone", "company.name"];
const operators = "eq neq exists not_exists gt gte lt lte contains not_contains in".split(" ");
const wrongConditions: [conditions: string, path: string, accepted?: string[]][] = [
  [`{"colour": {"eq": 1}}`, "conditions.colour", variables],
  [`{"deal": {"eq": 1}}`, "conditions.deal", variables],
  [`{"deal.search_text": {"eq": 1}}`, "conditions.deal.search_text", variables],
  [`{"company.id": {"eq": 1}}`, "conditions.company.id", variables],
  [`{"stage_id": {"eq": 1}}`, "conditions.stage_id", variables],
  [`{"__proto__": {"eq": 1}}`, "conditions.__proto__", variables],
  [`{"constructor": {"eq": 1}}`, "conditions.constructor", variables],
  [`{"category": {"equals": "MRI"}}`, "conditions.category.equals", operators],
  [`{"category": {"__proto__": {"eq": 1}}}`, "conditions.category.__proto__", operators],
  [`{"category": {}}`, "conditions.category"],
  [`{"category": "MRI"}`, "conditions.category"],
  [`{"category": null}`, "conditions.category"],
  [`{"category": {"eq": ["MRI"]}}`, "conditions.category.eq"],
  [`{"category": {"eq": {"eq": "MRI"}}}`, "conditions.category.eq"],
  [`{"category": {"eq": 1e400}}`, "conditions.category.eq"],
  [`{"category": {"exists": "yes"}}`, "conditions.category.exists"],
  [`{"category": {"not_exists": null}}`, "conditions.category.not_exists"],
  [`{"category": {"gt": null}}`, "conditions.category.gt"],
  [`{"category": {"contains": true}}`, "conditions.category.contains"],
  [`{"category": {"in": "MRI"}}`, "conditions.category.in"],
  [`{"category": {"in": []}}`, "conditions.category.in"],
  [`{"category": {"in": [["MRI"]]}}`, "conditions.category.in.0"],
  [`{"category": {"in": [${Array(201).fill(1)}]}}`, "conditions.category.in"],
  [`[]`, "conditions"],
  [`"category"`, "conditions"],
];

Deno.test("a condition that cannot be judged is refused by its place, with what is accepted, and nothing is written", async () => {
  const { alice } = await world();
  const { id } = await alice.creates("/automations", onReferrals);
  const before = await contents(alice);
  const headers = { "content-type": "application/json" };

  for (const [conditions, path, accepted = []] of wrongConditions) {
    const raw = `{"name": "Odd", "trigger_type": "referral_attributed", "conditions": ${conditions}}`;
    for (
      const reply of [
        await alice.post("/automations", undefined, { raw, headers }),
        await alice.patch(`/automations/${id}`, undefined, { raw, headers }),
      ]
    ) {
      assertEquals([conditions, outcome(reply), paths(reply)], [conditions, [400, "VALIDATION_ERROR"], [path]]);
      for (const name of accepted) assertStringIncludes(` ${reply.error.hint},`, ` ${name},`);
    }
  }
  assertEquals(await contents(alice), before);
});

Deno.test("there are at most 50 conditions, and those of a change without a trigger may be any trigger's", async () => {
  const { alice } = await world();
  const { id } = await alice.creates("/automations", onReferrals);
  const fields = ["category", "status", "source", "notes", "referral_id"];
  const fifty = Object.fromEntries(
    fields.map((
      field,
    ) => [field, Object.fromEntries(operators.slice(0, 10).map((it) => [it, /exists/.test(it) || 1]))]),
  );

  assertEquals((await alice.changes(`/automations/${id}`, { conditions: fifty })).conditions, fifty);
  const refused = await alice.patch(`/automations/${id}`, { conditions: { ...fifty, "deal.value": { eq: 1 } } });
  const foreign = { deal_id: { exists: true } };
  const ofAny = await alice.changes(`/automations/${id}`, { conditions: foreign });
  const ofThis = await alice.patch(`/automations/${id}`, {
    conditions: foreign,
    trigger_type: "referral_attributed",
  });

  assertEquals([outcome(refused), paths(refused)], [[400, "VALIDATION_ERROR"], ["conditions"]]);
  assertEquals([outcome(ofThis), paths(ofThis)], [[400, "VALIDATION_ERROR"], ["conditions.deal_id"]]);
  assertEquals((await alice.gets(`/automations/${id}`)).conditions, ofAny.conditions);
});
