import { assertEquals } from "@std/assert";
import { automate, runsOf } from "../world/automations.ts";
import { listen, once, subscribe, verify } from "../world/listener.ts";
import { mailbox, mailsTo } from "../world/mailbox.ts";
import { workspace } from "../world/world.ts";

Deno.test("booking an opportunity attributes it, tells the subscriber once, and thanks the referrer by a second automation", async () => {
  const clinic = await workspace("Harbour Health");
  await using crm = listen();
  const { secret } = await subscribe(clinic, `${crm.url}/crm`);
  const rita = await clinic.creates("/contacts", {
    first_name: "Rita",
    email: `rita-${crypto.randomUUID()}@example.com`,
  });
  const { id: pipeline_id, stages: [enquiry, booked] } = await clinic.creates("/pipelines", {
    name: "New patients",
    stages: [{ name: "Enquiry" }, { name: "Booked" }],
  });
  const attribute = await automate(clinic, { trigger_type: "stage_changed", stage_id: booked.id }, {
    action_type: "create_referral",
    config: { category: "Physio", notes: "From {{deal.name}}" },
  });
  const thank = await automate(clinic, {
    trigger_type: "referral_attributed",
    conditions: { operation: { eq: "INSERT" }, category: { eq: "Physio" } },
  }, {
    action_type: "send_email",
    config: { to: "referrer", subject: "Thank you, {{referrer.first_name}}", body_html: "<p>For {{deal.name}}</p>" },
  });
  const deal = await clinic.creates("/opportunities", { name: "Knee & hip", contact_id: rita.id });

  await clinic.post(`/opportunities/${deal.id}/move`, { pipeline_id, stage_id: enquiry.id });
  await clinic.post(`/opportunities/${deal.id}/move`, { pipeline_id, stage_id: booked.id });

  const [run, ...runs] = await runsOf(clinic, attribute);
  const [thanks, ...others] = await runsOf(clinic, thank);
  const [referral, ...more] = await clinic.gets(`/referrals?referred_deal_id=${deal.id}`);
  assertEquals([more, referral.referrer_contact_id, referral.source, referral.category, referral.notes], [
    [],
    rita.id,
    "automation",
    "Physio",
    "From Knee & hip",
  ]);
  const { primary_referrer_contact_id, primary_referrer_category } = await clinic.gets(`/opportunities/${deal.id}`);
  assertEquals([primary_referrer_contact_id, primary_referrer_category], [rita.id, "Physio"]);

  const [told, ...repeats] = once(crm.received);
  assertEquals(verify(crm.received[0], secret), told);
  assertEquals([
    told.type,
    told.data.referral_id,
    told.data.operation,
    told.data.referrer_email,
    told.data.previous,
    repeats,
  ], [
    "referral_attributed",
    referral.id,
    "INSERT",
    rita.email,
    {},
    [],
  ]);
  assertEquals(crm.received[0].headers["webhook-id"], told.data.event_id);

  const [mail, ...mails] = await mailsTo(rita.email);
  assertEquals([mail.subject, mails], ["Thank you, Rita", []]);
  const { html, from } = (await mailbox("GET", `/emails/${mail.id}`)).json;
  assertEquals([html.includes("<p>For Knee &amp; hip</p>"), from.includes("Harbour Health")], [true, true]);

  assertEquals([run.status, run.trigger_data.stage_id, run.trigger_data.from_stage_id, run.actions_executed, runs], [
    "completed",
    booked.id,
    enquiry.id,
    1,
    [],
  ]);
  assertEquals(run.action_results[0].response, { referral_id: referral.id, operation: "created" });
  assertEquals([thanks.status, thanks.trigger_data.referral_id, thanks.action_results[0].status, others], [
    "completed",
    referral.id,
    "completed",
    [],
  ]);
});
