import { assertEquals } from "@std/assert";
import { sendMail } from "../../supabase/functions/api/mail/send_mail.ts";
import type { Config } from "../../supabase/functions/api/platform/config.ts";
import { automate, trigger } from "../world/automations.ts";
import { mailbox, mailsTo } from "../world/mailbox.ts";
import { chain, type Json, sql, stack, world } from "../world/world.ts";

const sendersTo = async (to: string): Promise<string[]> =>
  await Promise.all((await mailsTo(to)).map(async ({ id }) => (await mailbox("GET", `/emails/${id}`)).json.from));

Deno.test("a key that renames alice's workspace sends no mail in another's name; the operator may", async () => {
  const { alice } = await world();
  const { referrer: rita, referral } = await chain(alice);
  const mallory = await alice.holding("company:write");
  await mallory.changes("/company", { name: "Bob's Bank" });
  const renamed = await mallory.rest("PATCH", `/companies?id=eq.${alice.companyId}`, { mail_name: "Bob's Bank" });
  const config = { to: "referrer", subject: "{{company.name}}", body_html: "<p>Hello</p>" };
  const automation = await automate(alice, { trigger_type: "referral_attributed", enabled: false }, {
    action_type: "send_email",
    config,
  });

  const { token } = await alice.creates("/referrals/request", { contact_id: rita.id });
  await trigger(alice, automation, { referrer_contact_id: rita.id });
  await alice.post(`/referrals/${referral.id}/convert`);

  assertEquals([renamed.status, renamed.body.code], [403, "42501"]);
  const sender = (name: string) => `"${name}" <referrals@harbourhealth.example>`;
  assertEquals(await sendersTo(rita.email), Array(3).fill(sender("Alice's clinic")));
  const form: Json = await (await fetch(`${stack.apiUrl}/public/referral-requests/${token}`)).json();
  assertEquals(form.data.company, { name: "Bob's Bank", logo_url: null, primary_color: null });

  await sql`update companies set mail_name = 'Alice & Co' where id = ${alice.companyId}`;
  await trigger(alice, automation, { referrer_contact_id: rita.id });
  assertEquals((await sendersTo(rita.email)).filter((from) => from === sender("Alice & Co")).length, 1);
});

Deno.test("a mail to what is no address is not sent, and an answer to what is none goes to nobody", async () => {
  const config = { mail: { apiKey: "re_test", baseUrl: stack.mailUrl, from: "referrals@example.com" } } as Config;
  const to = `rita-${crypto.randomUUID()}@example.com`;
  const mail = { to, from: "Harbour", replyTo: null, subject: "Hello", html: "<p>Hello</p>", text: "Hello" };

  for (const wrong of [`${to}\r\nBcc: eve@example.com`, `Rita <${to}>`, `${to},eve@example.com`]) {
    const sent = await sendMail(config, { ...mail, to: wrong, idempotencyKey: crypto.randomUUID() });
    assertEquals(sent, { id: null, error: "This is no email address." });
  }
  assertEquals(await mailsTo(to), []);
  const odd = {
    ...mail,
    replyTo: "desk@example.com\r\nBcc: eve@example.com",
    subject: "Hello\r\nBcc: eve@example.com",
  };
  const { id } = await sendMail(config, { ...odd, idempotencyKey: crypto.randomUUID() });
  const { reply_to, subject } = (await mailbox("GET", `/emails/${id}`)).json;
  assertEquals([reply_to ?? [], subject], [[], "Hello Bcc: eve@example.com"]);
});
