import { assertEquals, assertStringIncludes } from "@std/assert";
import { mailbox, mailsTo } from "../world/mailbox.ts";
import { type Json, world } from "../world/world.ts";

const readMails = async (to: string): Promise<Json[]> =>
  await Promise.all((await mailsTo(to)).map(async ({ id }) => (await mailbox("GET", `/emails/${id}`)).json));

Deno.test("alice asks rita by mail, noah's details come in by the form, the deal is won, and rita is thanked", async () => {
  const { alice } = await world();
  await alice.changes("/company", {
    name: "Harbour & Sons",
    primary_color: "#facc15",
    contact_email: "desk@harbour.example",
  });
  const sales = await alice.creates("/pipelines", { name: "Sales", stages: [{ name: "New" }, { name: "Won" }] });
  await alice.changes("/company/crm-settings", {
    referral_categories: ["MRI", "Physio"],
    referral_pipeline_id: sales.id,
    referral_stage_id: sales.stages[0].id,
  });
  const rita = await alice.creates("/contacts", {
    first_name: "Rita",
    email: `rita-${crypto.randomUUID()}@example.com`,
  });

  const asked = await alice.creates("/referrals/request", {
    contact_id: rita.id,
    subject_override: "{{contact.first_name}},\nwho else? {{nobody}}",
  });
  const [request] = await readMails(rita.email);

  assertEquals([asked.email_sent, asked.email_error], [true, null]);
  assertEquals([request.subject, request.from], [
    "Rita, who else?",
    `"Alice's clinic" <referrals@harbourhealth.example>`,
  ]);
  assertStringIncludes(request.text, asked.public_url);
  assertStringIncludes(request.html, asked.public_url);
  const link = /<(.*)>/.exec(request.headers["List-Unsubscribe"])![1];
  assertEquals(request.headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");

  // As a browser does it: read the page, send its fields where it says, without script.
  const page = await fetch(asked.public_url);
  const form = new URLSearchParams({ first_name: "Noah", email: "noah@example.com", category: "MRI", consent: "true" });
  const thanks = await fetch(asked.public_url, { method: "POST", body: form });
  const [pageText, thanksText] = [await page.text(), await thanks.text()];
  assertEquals([page.status, thanks.status], [200, 201]);
  assertStringIncludes(pageText, "Harbour &amp; Sons");
  assertStringIncludes(thanksText, "Thank you");

  const [referral] = await alice.gets("/referrals?expand=referred_contact,opportunity");
  assertEquals([referral.source, referral.category, referral.referrer_contact_id], ["form", "MRI", rita.id]);
  assertEquals([referral.referred_contact.first_name, referral.opportunity.name], ["Noah", "Noah"]);
  const opportunity = await alice.gets(`/deals/${referral.referred_deal_id}?expand=referrer`);
  assertEquals([opportunity.referrer.id, opportunity.primary_referrer_category], [rita.id, "MRI"]);
  assertEquals(opportunity.placements.map((at: Json) => at.stage.name), ["New"]);
  const row = await alice.gets(`/referrals/requests/${asked.request_id}`);
  assertEquals([row.status, row.referral_id], ["submitted", referral.id]);

  await alice.changes(`/deals/${referral.referred_deal_id}`, { status: "won" });
  const converted = await alice.post(`/referrals/${referral.id}/convert`);
  const [thankYou] = (await readMails(rita.email)).filter(({ id }: Json) => id !== request.id);
  assertEquals([converted.data.status, converted.data.thank_you_sent], ["converted", true]);
  assertStringIncludes(thankYou.text, "Noah");

  const visited = await fetch(link);
  await visited.body?.cancel();
  assertEquals((await alice.post("/referrals/request", { contact_id: rita.id })).status, 201);
  const unsubscribed = await fetch(link, {
    method: "POST",
    body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }),
  });
  await unsubscribed.body?.cancel();
  const refused = await alice.post("/referrals/request", { contact_id: rita.id });
  assertEquals([visited.status, unsubscribed.status], [200, 200]);
  assertEquals([refused.status, refused.error.code], [409, "CONFLICT"]);
});
