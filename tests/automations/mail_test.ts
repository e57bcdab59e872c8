import { assertEquals } from "@std/assert";
import { automate, trigger } from "../world/automations.ts";
import { elements } from "../world/html.ts";
import { mailbox, mailsTo, plan } from "../world/mailbox.ts";
import { chain, type Json, world } from "../world/world.ts";

/** Fred's knee, which Rita referred, and a disabled automation that sends this mail when it is triggered. */
async function scene(config: Json) {
  const { alice } = await world();
  const { referrer: rita, friend: fred, opportunity: knee } = await chain(alice);
  const mail = { subject: "Hello", body_html: "<p>Hello</p>", ...config };
  const automation = await automate(alice, { trigger_type: "referral_attributed", enabled: false }, {
    action_type: "send_email",
    config: mail,
  });
  const run = (more: Json = {}) => trigger(alice, automation, { referred_deal_id: knee.id, ...more });
  const readdress = async (to: string) => {
    const [{ id }] = await alice.gets(`/automations/${automation.id}/actions`);
    await alice.changes(`/automations/${automation.id}/actions/${id}`, { config: { ...mail, to } });
  };
  return { alice, rita, fred, knee, run, readdress };
}

Deno.test("a mail goes to the referrer, the contact, an address or what a token names", async () => {
  const { alice, rita, fred, run, readdress } = await scene({ to: "referrer" });
  await alice.changes("/company", { contact_email: "desk@alice.example" });
  const somebody = `somebody-${crypto.randomUUID()}@example.com`;
  await alice.changes("/company/crm-settings", { mail_recipients: [somebody] });
  await alice.creates("/contacts", { first_name: "Other", email: `other-${somebody}` });

  const addresses: [string, string][] = [
    ["referrer", rita.email],
    ["contact", fred.email],
    [somebody, somebody],
    ["{{referrer_email}}", `other-${somebody}`],
  ];
  for (const [to, address] of addresses) {
    await readdress(to);
    const { status, action_results: [result] } = await run({ referrer_email: `other-${somebody}` });
    const [{ id, ...mail }, ...more] = await mailsTo(address);
    assertEquals([to, status, result.request], [to, "completed", { to: address, subject: "Hello" }]);
    assertEquals([mail.to, result.response, more], [[address], { email_id: id }, []]);
    const { reply_to, from } = (await mailbox("GET", `/emails/${id}`)).json;
    assertEquals([[reply_to].flat(), from.startsWith(`"Alice's clinic" <`)], [["desk@alice.example"], true]);
  }
});

Deno.test("the workspace's HTML is sanitised, and what a token brings is text, whatever it looks like", async () => {
  const { alice, rita, fred, knee, run } = await scene({
    to: "referrer",
    subject: "{{contact.first_name}}: {{notes}}",
    body_html: `<p onclick="alert(1)">Dear {{referrer.first_name}}</p><script>alert(2)</script><h2>{{deal.name}}</h2>
      <a href="{{notes}}">link</a><a href="https://clinic.example/{{deal.id}}">page</a><img src="x" onerror="alert(3)">{{notes}}`,
  });
  await alice.changes(`/contacts/${fred.id}`, { first_name: `<b>"Fred"</b>` });
  await alice.changes(`/opportunities/${knee.id}`, { name: `<script>alert(4)</script>{{company.name}}` });
  const notes = `javascript:alert(5)\r\nBcc: eve@example.com" onmouseover="alert(6)`;

  const { status, action_results: [{ request }] } = await run({ notes });

  const [{ id, subject }, ...more] = await mailsTo(rita.email);
  const { html, headers } = (await mailbox("GET", `/emails/${id}`)).json;
  const [, unsubscribe] = /^<(.*)>$/.exec(headers["List-Unsubscribe"])!;
  const found = elements(html);
  const line = `<b>"Fred"</b>: javascript:alert(5) Bcc: eve@example.com" onmouseover="alert(6)`;
  assertEquals([status, subject, more], ["completed", line, []]);
  assertEquals(request.subject, line);
  assertEquals(found.filter(({ tag }) => tag === "script"), []);
  assertEquals(found.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => name.startsWith("on")), []);
  assertEquals(found.find(({ tag }) => tag === "h2")?.text, "<script>alert(4)</script>{{company.name}}");
  assertEquals(found.filter(({ tag }) => tag === "a").map(({ attributes: { href }, text }) => [text, href]), [
    ["link", undefined],
    ["page", `https://clinic.example/${knee.id}`],
    ["Unsubscribe", unsubscribe],
  ]);
  assertEquals((await mailsTo("eve@example.com")).length, 0);
});

Deno.test("a mail that cannot go out fails its run with the reason, and sends nothing", async () => {
  const { alice, rita, fred, run, readdress } = await scene({ to: "contact" });
  await alice.changes(`/contacts/${fred.id}`, { email: null });
  const cases: [to: string, trigger_data: Json, error: string][] = [
    ["contact", {}, "There is no contact with an email address."],
    ["referrer", { referred_deal_id: null }, "There is no referrer with an email address."],
    ["{{notes}}", { notes: `${rita.email}, eve@example.com` }, "to ({{notes}}) gives no email address."],
    ["{{contact.email}}", {}, "to ({{contact.email}}) gives no email address."],
  ];

  for (const [to, trigger_data, error] of cases) {
    await readdress(to);
    const { status, action_results, ...run_ } = await run(trigger_data);
    assertEquals([status, run_.error], ["failed", `send_email failed: ${error}`]);
    assertEquals(action_results.map((result: Json) => [result.status, result.error]), [["failed", error]]);
  }
  await readdress("referrer");
  await using _ = await plan({ status: 500 }, { status: 500 }, { status: 422 });
  const [down, refused, sent] = [await run(), await run(), await run()];

  const reasons = [down, refused].map(({ status, action_results: [{ error, response }] }) => [status, error, response]);
  assertEquals(reasons, [
    ["failed", "The mail provider did not answer; try again later.", null],
    ["failed", "The mail provider refused this address or text.", null],
  ]);
  assertEquals([sent.status, (await mailsTo(rita.email)).length], ["completed", 1]);
});
