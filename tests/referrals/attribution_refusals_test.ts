import { assertEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { call, chain, type Json, type Reply, sql, world } from "../world/world.ts";

const answer = ({ status, error }: Reply) => [status, error?.code, error?.details?.[0].path];

Deno.test("an opportunity or a referrer of another workspace reads as a missing one, and nothing is written", async () => {
  const { alice, bob } = await world();
  const [{ referrer: sam, opportunity: knee }, theirs] = [await chain(alice), await chain(bob)];
  const before = [await contents(alice), await contents(bob)];

  const references = { opportunity_id: theirs.opportunity.id, referrer_contact_id: theirs.referrer.id };
  for (const [field, foreign] of Object.entries(references)) {
    const [hidden, missing] = await Promise.all(
      [foreign, crypto.randomUUID()].map((id) =>
        alice.post("/referrals/attribute", { opportunity_id: knee.id, referrer_contact_id: sam.id, [field]: id })
      ),
    );
    assertEquals([answer(hidden), answer(missing)], [[404, "NOT_FOUND", field], [404, "NOT_FOUND", field]]);
    assertEquals({ ...hidden.error, request_id: "" }, { ...missing.error, request_id: "" });
  }
  const clearing = await alice.post("/referrals/attribute", {
    opportunity_id: theirs.opportunity.id,
    referrer_contact_id: null,
  });
  assertEquals(answer(clearing), [404, "NOT_FOUND", "opportunity_id"]);
  assertEquals([await contents(alice), await contents(bob)], before);
});

Deno.test("a wrong body, a category off the list and a key that may not are refused, and nothing is written", async () => {
  const { alice } = await world();
  const { referrer: sam, opportunity: knee } = await chain(alice);
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  const others = await alice.holding("referrals:read", "referrals:delete", "opportunities:write", "contacts:write");
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
  const refused = await others.post("/referrals/attribute", right);
  const around = await others.rest("POST", "/rpc/attribute_opportunity", right);
  const nobody = await call("POST", "/referrals/attribute", right);

  assertEquals([answer(refused), answer(nobody)], [[403, "INSUFFICIENT_SCOPE", undefined], [
    401,
    "UNAUTHORIZED",
    undefined,
  ]]);
  assertEquals([around.status, around.body.code], [403, "INSUFFICIENT_SCOPE"]);
  assertEquals(await contents(alice), before);
});

Deno.test("nobody goes around the function to set by hand, to undo a clearing, or to write the caches", async () => {
  const { alice } = await world();
  const { referrer: sam, friend: fred, opportunity: knee } = await chain(alice);
  await alice.post("/referrals/attribute", { opportunity_id: knee.id, referrer_contact_id: sam.id });
  const [set] = await sql`select id from referrals where company_id = ${alice.companyId} and hand_set`;
  const before = await contents(alice);

  const forbidden: [string, Json][] = [
    ["referrals", { referrer_contact_id: fred.id, referred_deal_id: knee.id, hand_set: true }],
    ["crm_deals", { name: "Hip", referrer_cleared_at: null }],
    ["crm_deals", { name: "Hip", primary_referrer_contact_id: fred.id }],
    ["crm_deals", { name: "Hip", primary_referrer_category: "Mine" }],
  ];
  for (const [table, body] of forbidden) {
    const [column] = Object.keys(body).slice(-1);
    const inserted = await alice.rest("POST", `/${table}`, body);
    const changed = await alice.rest("PATCH", `/${table}?id=eq.${table === "referrals" ? set.id : knee.id}`, {
      [column]: body[column],
    });
    assertEquals([column, inserted.status, inserted.body.code], [column, 403, "42501"]);
    assertEquals([column, changed.status, changed.body.code], [column, 403, "42501"]);
  }
  assertEquals(await contents(alice), before);
});
