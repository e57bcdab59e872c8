import { assertEquals, assertStringIncludes } from "@std/assert";
import { ask } from "../world/ask.ts";
import { automate, trigger } from "../world/automations.ts";
import { mailbox, mailsTo } from "../world/mailbox.ts";
import { call, chain, type Json, type Person, sql, world } from "../world/world.ts";

const fresh = (name: string) => `${name}-${crypto.randomUUID()}@example.com`;

/** An automation that mails `to`, and a referral of Rita and Fred's knee for it. */
async function scene(person: Person) {
  const { referrer: rita, friend: fred, opportunity: knee } = await chain(person);
  const send = async (to: string, trigger_data: Json = { referred_deal_id: knee.id }) => {
    const config = { to, subject: "Hello", body_html: "<p>News of {{contact.first_name}}</p>" };
    const action = { action_type: "send_email", config };
    return await trigger(
      person,
      await automate(person, { trigger_type: "referral_attributed", enabled: false }, action),
      trigger_data,
    );
  };
  return { rita, fred, knee, send };
}

const readMails = async (to: string): Promise<Json[]> =>
  await Promise.all((await mailsTo(to)).map(async ({ id }) => (await mailbox("GET", `/emails/${id}`)).json));

const result = ({ status, action_results: [{ status: action, error }] }: Json) => [status, action, error];
const counted = async ({ companyId }: Person) =>
  (await sql`select sum(mails)::int as mails from private.mail_days where company_id = ${companyId}`)[0].mails ?? 0;

const nobody = "to is neither a contact of this workspace nor one of its mail_recipients.";

Deno.test("alice's automation mails no stranger, nor a contact or recipient of bob's, and her budget is not touched", async () => {
  const { alice, bob } = await world();
  const { send } = await scene(alice);
  const [stranger, theirs, desk] = [fresh("stranger"), fresh("theirs"), fresh("desk")];
  await bob.creates("/contacts", { first_name: "Theirs", email: theirs });
  await bob.changes("/company/crm-settings", { mail_recipients: [desk] });

  for (const to of [stranger, theirs, desk]) {
    assertEquals(result(await send(to)), ["failed", "failed", nobody]);
    const told = await send("{{referrer_email}}", { referrer_email: to });
    assertEquals(result(told), ["failed", "failed", nobody]);
    assertEquals(await mailsTo(to), []);
  }
  assertEquals(await counted(alice), 0);
});

Deno.test("people get an unsubscribe link that works by one click, and staff get none", async () => {
  const { alice } = await world();
  const { rita, send } = await scene(alice);
  const desk = fresh("Desk");
  await alice.changes("/company/crm-settings", { mail_recipients: [desk] });

  assertEquals(result(await send(desk.toLowerCase())), ["completed", "completed", null]);
  assertEquals(result(await send("referrer")), ["completed", "completed", null]);
  assertEquals(result(await send(rita.email.toUpperCase())), ["completed", "completed", null]);

  const [staff] = await readMails(desk.toLowerCase());
  assertEquals(staff.headers?.["List-Unsubscribe"], undefined);
  for (const part of [staff.html, staff.text]) assertEquals(/unsubscribe/i.test(part), false);
  const mails = [...await readMails(rita.email)];
  assertEquals(mails.length, 2);
  const links = mails.map(({ headers }) => /^<(.*)>$/.exec(headers["List-Unsubscribe"])![1]);
  assertEquals(new Set(links).size, 2);
  for (const [at, { headers, html, text }] of mails.entries()) {
    assertEquals(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    assertStringIncludes(html, `href="${links[at]}"`);
    assertStringIncludes(text, links[at]);
  }
  const visited = await fetch(links[0]);
  await visited.body?.cancel();
  assertEquals(result(await send("referrer")), ["completed", "completed", null]);
  const clicked = await fetch(links[0], {
    method: "POST",
    body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }),
  });
  await clicked.body?.cancel();
  assertEquals([visited.status, clicked.status], [200, 200]);

  assertEquals(result(await send("referrer")), ["completed", "skipped", "This person has unsubscribed."]);
  assertEquals((await mailsTo(rita.email)).length, 3);
});

Deno.test("who unsubscribed is skipped by every way of naming them, and the run's other actions go on", async () => {
  const { alice } = await world();
  const { fred, send } = await scene(alice);
  const { rita, unsubscribe } = await ask(alice);
  await call("POST", unsubscribe);
  const before = await counted(alice);
  // An address of staff is no way around it.
  await alice.changes("/company/crm-settings", { mail_recipients: [rita.email] });
  const config = { to: "referrer", subject: "Hello", body_html: "<p>Hello</p>" };
  const both = await automate(
    alice,
    { trigger_type: "referral_attributed", enabled: false },
    { action_type: "send_email", config },
    { action_type: "send_email", config: { ...config, to: fred.email } },
  );

  const run = await trigger(alice, both, { referrer_contact_id: rita.id });
  const named = await send(rita.email);
  const told = await send("{{referrer_email}}", { referrer_email: rita.email.toUpperCase() });

  const reason = "This person has unsubscribed.";
  assertEquals([run.status, run.actions_executed, run.actions_failed, run.actions_skipped], ["completed", 1, 0, 1]);
  assertEquals(run.action_results.map(({ status, error }: Json) => [status, error]), [
    ["skipped", reason],
    ["completed", null],
  ]);
  assertEquals([named, told].map(result), Array(2).fill(["completed", "skipped", reason]));
  assertEquals([await mailsTo(rita.email), (await mailsTo(fred.email)).length], [[], 1]);
  assertEquals(await counted(alice), before + 1);
});

Deno.test("whom the public form made a contact is mailed by automations only where alice says so; whom she made is mailed", async () => {
  const { alice } = await world();
  const { fred, send } = await scene(alice);
  const { token, form } = await ask(alice);
  const noah = fresh("noah");
  const submit = { first_name: "Noah", email: noah, consent: true };
  assertEquals((await call("POST", `/public/referral-requests/${token}/submit`, submit)).status, 201);
  const second = await ask(alice);
  await call("POST", `/public/referral-requests/${second.token}/submit`, { ...submit, email: fred.email });
  const [{ id }] = await sql`select id from crm_contacts where company_id = ${alice.companyId} and email = ${noah}`;
  const refusal = "This contact was made by the public form: automations mail them only where the settings' " +
    "mail_form_contacts says so.";

  for (const [to, data] of [["contact", { referred_contact_id: id }], [noah, {}]] as const) {
    assertEquals(result(await send(to, data)), ["failed", "failed", refusal]);
  }
  assertEquals(result(await send(fred.email, {})), ["completed", "completed", null]);
  const marked = await alice.rest("PATCH", `/crm_contacts?id=eq.${id}`, { made_by_form: false });
  const made = await alice.rest("POST", "/crm_contacts", { first_name: "Eve", made_by_form: false });
  assertEquals([marked, made].map(({ status, body }) => [status, body.code]), Array(2).fill([403, "42501"]));
  assertEquals([await mailsTo(noah), form.startsWith("/refer/")], [[], true]);

  await alice.changes("/company/crm-settings", { mail_form_contacts: true });
  assertEquals(result(await send("contact", { referred_contact_id: id })), ["completed", "completed", null]);
  assertEquals((await mailsTo(noah)).length, 1);
});

Deno.test("five mails a day reach one person, whatever sends them; the sixth is refused, or a failed action that says so", async () => {
  const { alice, bob } = await world();
  const { rita, send } = await scene(alice);
  const theirs = await bob.creates("/contacts", { first_name: "Rita", email: rita.email });
  const again = { contact_id: rita.id, force: true };
  for (let mails = 0; mails < 2; mails++) await alice.creates("/referrals/request", again);
  const { request_id } = await alice.creates("/referrals/request", again);
  assertEquals((await alice.post(`/referrals/requests/${request_id}/resend`)).status, 200);
  assertEquals(result(await send("referrer")), ["completed", "completed", null]);
  const requests = () => sql`select * from referral_requests where company_id = ${alice.companyId} order by id`;
  const [before, links] = [await requests(), await sql`select count(*) from private.unsubscribe_links`];

  const refused = [
    await alice.post("/referrals/request", again),
    await alice.post(`/referrals/requests/${request_id}/resend`),
  ];
  const failed = await send("referrer");
  const [{ id }] = await alice.gets("/referrals");
  const converted = await alice.post(`/referrals/${id}/convert`);

  const sentence = "Five mails were sent to this address today: no more until midnight UTC.";
  for (const { status, error } of refused) {
    assertEquals([status, error.code, error.message], [429, "RATE_LIMITED", sentence]);
  }
  assertEquals(result(failed), ["failed", "failed", sentence]);
  const { status, thank_you_sent, thank_you_error } = converted.data;
  assertEquals([converted.status, status, thank_you_sent, thank_you_error], [200, "converted", false, sentence]);
  assertEquals([...await requests()], [...before]);
  assertEquals([...await sql`select count(*) from private.unsubscribe_links`], [...links]);
  assertEquals((await mailsTo(rita.email)).length, 5);
  assertEquals((await bob.post("/referrals/request", { contact_id: theirs.id })).data.email_sent, true);
});

Deno.test("alice's recipients are up to fifty addresses, and no other key's to change", async () => {
  const { alice } = await world();
  const desks = Array.from({ length: 51 }, (_, at) => `desk-${at}@example.com`);
  const reader = await alice.holding("company:read");

  const set = await alice.changes("/company/crm-settings", {
    mail_recipients: desks.slice(0, 50),
    mail_form_contacts: true,
  });
  const wrong = [
    { mail_recipients: desks },
    { mail_recipients: ["Desk <desk@example.com>"] },
    { mail_recipients: ["desk@example.com\r\nBcc: eve@example.com"] },
    { mail_recipients: [null] },
    { mail_recipients: null },
    { mail_form_contacts: "yes" },
    { mail_form_contacts: null },
  ];
  for (const change of wrong) {
    const refused = await alice.patch("/company/crm-settings", change);
    assertEquals([refused.status, refused.error.code], [400, "VALIDATION_ERROR"], JSON.stringify(change));
    if (!("mail_recipients" in change)) continue;
    const direct = await alice.rest("PATCH", "/company_settings?updated_at=not.is.null", change);
    assertEquals(direct.status >= 400, true, JSON.stringify(change));
  }
  const forbidden = await reader.patch("/company/crm-settings", { mail_recipients: [] });

  assertEquals([forbidden.status, forbidden.error.code], [403, "INSUFFICIENT_SCOPE"]);
  assertEquals(await alice.gets("/company/crm-settings"), set);
  assertEquals([set.mail_recipients.length, set.mail_form_contacts], [50, true]);
});
