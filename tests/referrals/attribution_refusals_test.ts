import { assertEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { chain, type Json, type Reply, world } from "../world/world.ts";

const answer = ({ status, error }: Reply) => [status, error?.code, error?.details?.fields?.[0].path];

Deno.test("nobody clears the referrer of another workspace's opportunity", async () => {
  const { alice, bob } = await world();
  const { opportunity } = await chain(bob);
  const before = await contents(bob);

  const clearing = await alice.post("/referrals/attribute", {
    opportunity_id: opportunity.id,
    referrer_contact_id: null,
  });

  assertEquals(answer(clearing), [404, "NOT_FOUND", "opportunity_id"]);
  assertEquals(await contents(bob), before);
});

Deno.test("a wrong body and a category off the list are refused, and nothing is written", async () => {
  const { alice } = await world();
  const { referrer: sam, opportunity: knee } = await chain(alice);
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  const right = { opportunity_id: knee.id, referrer_contact_id: sam.id };
  const before = await contents(alice);

  const wrong: [Json, unknown[]][] = [
    [{ referrer_contact_id: sam.id }, ["MISSING_FIELDS", "opportunity_id"]],
    [{ opportunity_id: knee.id }, ["MISSING_FIELDS", "referrer_contact_id"]],
    [{ ...right, opportunity_id: null }, ["VALIDATION_ERROR", "opportunity_id"]],
    [{ ...right, referrer_contact_id: "Sam" }, ["VALIDATION_ERROR", "referrer_contact_id"]],
    [{ ...right, category: "" }, ["VALIDATION_ERROR", "category"]],
    [{ ...right, category: "x".repeat(81) }, ["VALIDATION_ERROR", "category"]],
    [{ ...right, category: "Dentist" }, ["VALIDATION_ERROR", "category"]],
    [{ ...right, notes: "Mine" }, ["VALIDATION_ERROR", "notes"]],
    [{ ...right, hand_set: false }, ["VALIDATION_ERROR", "hand_set"]],
  ];
  for (const [body, expected] of wrong) {
    assertEquals([body, ...answer(await alice.post("/referrals/attribute", body))], [body, 400, ...expected]);
  }
  assertEquals(await contents(alice), before);
});
