import { assertEquals } from "@std/assert";
import { world } from "../world/world.ts";

Deno.test("alice changes her workspace, and bob's stays as it was", async () => {
  const { alice, bob } = await world();
  const before = await bob.gets("/company");

  const changed = await alice.changes("/company", {
    name: "Harbour",
    logo_url: "https://example.com/logo.png",
    primary_color: "#0F766E",
    contact_email: "desk@example.com",
    country: "NZ",
    timezone: "Pacific/Auckland",
    contact_name: "Rita",
  });

  assertEquals(changed, {
    id: alice.companyId,
    name: "Harbour",
    logo_url: "https://example.com/logo.png",
    primary_color: "#0f766e",
    contact_email: "desk@example.com",
    country: "NZ",
    timezone: "Pacific/Auckland",
    slug: null,
    description: null,
    contact_name: "Rita",
    phone: null,
    secondary_color: null,
    address: null,
    industry: null,
    website_url: null,
    abn: null,
  });
  assertEquals(await alice.gets("/company"), changed);
  assertEquals(await bob.gets("/company"), before);
});

Deno.test("a workspace refuses a colour, URL, country or time zone that is none, and keeps its own", async () => {
  const { alice } = await world();
  const before = await alice.gets("/company");

  for (
    const change of [
      { primary_color: "teal" },
      { primary_color: "#0f766e; background: url(x)" },
      { logo_url: "http://example.com/logo.png" },
      { logo_url: "javascript:alert(1)" },
      { country: "au" },
      { timezone: "Mars/Olympus" },
      { timezone: "+25" },
      { contact_email: "a@b.c\r\nBcc: d@e.f" },
      { name: "   " },
    ]
  ) {
    const refused = await alice.patch("/company", change);
    assertEquals([refused.status, refused.error.code, refused.error.details.fields[0].path], [
      400,
      "VALIDATION_ERROR",
      Object.keys(change)[0],
    ]);
  }
  assertEquals(await alice.gets("/company"), before);
});

Deno.test("the referral stage belongs to the referral pipeline, and goes with it", async () => {
  const { alice, bob } = await world();
  const sales = await alice.creates("/pipelines", { name: "Sales", stages: [{ name: "New" }] });
  const support = await alice.creates("/pipelines", { name: "Support", stages: [{ name: "New" }] });
  const foreign = await bob.creates("/pipelines", { name: "Foreign", stages: [{ name: "New" }] });
  const settings = {
    referral_categories: [" MRI ", "Physio"],
    lead_sources: ["Website"],
    referral_pipeline_id: sales.id,
    referral_stage_id: sales.stages[0].id,
  };

  const homeless = await alice.patch("/company/crm-settings", { referral_stage_id: sales.stages[0].id });
  const set = await alice.changes("/company/crm-settings", settings);
  const mixed = await alice.patch("/company/crm-settings", { referral_stage_id: support.stages[0].id });
  const theirs = await alice.patch("/company/crm-settings", { referral_pipeline_id: foreign.id });
  const kept = await alice.gets("/company/crm-settings");
  const other = await alice.changes("/company/crm-settings", { referral_pipeline_id: support.id });

  assertEquals([homeless.status, homeless.error.code], [400, "VALIDATION_ERROR"]);
  assertEquals(homeless.error.details.fields[0].path, "referral_stage_id");
  assertEquals(set, {
    ...settings,
    referral_categories: ["MRI", "Physio"],
    lead_sources: ["Website"],
    mail_recipients: [],
    mail_form_contacts: false,
  });
  assertEquals([mixed.status, mixed.error.code, mixed.error.details.fields[0].path], [
    404,
    "NOT_FOUND",
    "referral_stage_id",
  ]);
  assertEquals([theirs.status, theirs.error.code, theirs.error.details.fields[0].path], [
    404,
    "NOT_FOUND",
    "referral_pipeline_id",
  ]);
  assertEquals(kept, set);
  assertEquals([other.referral_pipeline_id, other.referral_stage_id], [support.id, null]);
});

Deno.test("a workspace has at most 200 distinct categories of 1 to 80 characters", async () => {
  const { alice } = await world();
  const many = Array.from({ length: 200 }, (_, i) => `Category ${i}`);

  const most = await alice.changes("/company/crm-settings", { referral_categories: many });
  const refused = await Promise.all(
    [[...many, "one more"], ["a", "a"], ["a", " a "], [""], ["x".repeat(81)], [null], "MRI"].map((
      referral_categories,
    ) => alice.patch("/company/crm-settings", { referral_categories })),
  );

  assertEquals(most.referral_categories, many);
  assertEquals(refused.map((reply) => [reply.status, reply.error.code]), refused.map(() => [400, "VALIDATION_ERROR"]));
  assertEquals((await alice.gets("/company/crm-settings")).referral_categories, many);
});
