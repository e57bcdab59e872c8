import { assertEquals } from "@std/assert";
import { world } from "../world/world.ts";

const names = [
  "Zoë",
  "José",
  "Çağla",
  "Ångström",
  "Žofie",
  "Nguyễn",
  "Łukasz",
  "Ελένη",
  "Йорданка",
  "김민준",
  "がん",
  "ÉTÉ",
];

Deno.test("a name is one text, however its accents were typed, wherever it is written", async () => {
  const { alice } = await world();
  for (const name of names) {
    const [apart, one] = [` ${name.normalize("NFD")}\u00a0`, name.normalize("NFC")];
    const contact = await alice.creates("/contacts", { first_name: apart, last_name: apart, job_title: apart });
    const deal = await alice.creates("/opportunities", { name: apart, lead_source: apart });
    const pipeline = await alice.creates("/pipelines", { name: apart, stages: [{ name: apart }] });
    await alice.changes("/company/crm-settings", { referral_categories: [apart] });
    const referral = await alice.creates("/referrals", {
      referrer_contact_id: contact.id,
      category: apart,
      notes: apart,
    });
    const company = await alice.changes("/company", { name: apart });

    const written = [contact.first_name, contact.last_name, contact.job_title, deal.name, deal.lead_source];
    written.push(pipeline.name, pipeline.stages[0].name, referral.category, referral.notes.trim(), company.name);
    assertEquals(written, written.map(() => one));
    assertEquals((await alice.gets(`/referrals?category=${encodeURIComponent(name.normalize("NFD"))}`)).length, 1);
  }
  const twice = { referral_categories: [names[0].normalize("NFC"), names[0].normalize("NFD")] };
  assertEquals((await alice.patch("/company/crm-settings", twice)).error.details.fields[0].path, "referral_categories");
});
