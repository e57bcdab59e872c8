import { assertEquals, assertStringIncludes } from "@std/assert";
import { Resend } from "resend";
import { startMailbox } from "../../local/mailbox/mailbox.ts";
import { letter, mailbox, mailsTo, resend, resendOutcome } from "../world/mailbox.ts";
import { type Json, stack } from "../world/world.ts";

Deno.test("a sent mail is listed first and read back whole, with its own headers", async () => {
  const earlier = letter();
  const mail = letter({
    cc: "carl@example.com",
    replyTo: ["desk@example.com"],
    html: "<p>Dear Rita</p>",
    headers: { "List-Unsubscribe": "<https://example.com/u/1>" },
    tags: [{ name: "kind", value: "thank_you" }],
  });
  await resend.emails.send(earlier);

  const { data: sent } = await resend.emails.send(mail);

  const { data: newest } = await resend.emails.list({ limit: 1 });
  const { data: next } = await resend.emails.list({ limit: 1, after: sent!.id });
  assertEquals([newest?.object, newest?.has_more, newest?.data.map(({ id }) => id)], ["list", true, [sent?.id]]);
  assertEquals(next?.data.map(({ to }) => to), [[earlier.to]]);
  const { data: read }: Json = await resend.emails.get(sent!.id);
  assertEquals([read.object, read.from, read.to, read.cc, read.bcc, read.reply_to], [
    "email",
    mail.from,
    [mail.to],
    ["carl@example.com"],
    null,
    ["desk@example.com"],
  ]);
  assertEquals([read.subject, read.html, read.text, read.last_event], [
    mail.subject,
    mail.html,
    mail.text,
    "delivered",
  ]);
  assertEquals([read.headers, read.tags], [mail.headers, mail.tags]);
  assertEquals(await mailsTo(earlier.to).then((mails) => mails.map(({ to }) => to)), [[earlier.to]]);
});

Deno.test("a mail that Resend would refuse is refused as Resend does, and not kept", async () => {
  const { to: _to, ...withoutTo } = letter();
  const mail = letter();
  const cases: [Json, number, string, string][] = [
    [withoutTo, 422, "missing_required_field", "Missing `to` field."],
    [{ ...mail, from: undefined }, 422, "missing_required_field", "Missing `from` field."],
    [{ ...mail, subject: "" }, 422, "missing_required_field", "Missing `subject` field."],
    [{ ...mail, text: undefined }, 422, "validation_error", "Missing `html` or `text` field."],
    [{ ...mail, from: "Harbour Health" }, 422, "invalid_from_address", "Invalid `from` field."],
    [{ ...mail, to: [mail.to, "rita"] }, 422, "validation_error", "Invalid `to` field."],
    [{ ...mail, to: Array(51).fill(mail.to) }, 422, "validation_error", "50"],
    [{ ...mail, to: 7 }, 422, "validation_error", "Invalid `to` field."],
    [{ ...mail, subject: "Thank\nyou" }, 422, "validation_error", "The `\\n` is not allowed"],
    [{ ...mail, headers: { "X-Kind": "a\r\nBcc: eve@example.com" } }, 422, "validation_error", "`headers`"],
    [{ ...mail, tags: [{ name: "kind", value: "thank you" }] }, 422, "validation_error", "Tags"],
  ];
  for (const [given, status, name, message] of cases) {
    const { error } = await resend.emails.send(given);
    assertEquals([error?.statusCode, error?.name], [status, name], message);
    assertStringIncludes(error?.message ?? "", message);
  }
  const garbled = await mailbox("POST", "/emails", "{", { authorization: "Bearer re_test" });
  assertEquals([garbled.status, garbled.json.name], [422, "validation_error"]);
  assertEquals(await mailsTo(mail.to), []);
});

Deno.test("sending takes a key of Resend's, reading takes none", async () => {
  const mail = letter();
  const send = (headers: Record<string, string>) => mailbox("POST", "/emails", JSON.stringify(mail), headers);

  const without = await send({});
  const basic = await send({ authorization: "Basic cmU6" });
  const foreign = await send({ authorization: "Bearer sk_1" });

  assertEquals([without.status, without.json], [401, {
    statusCode: 401,
    name: "missing_api_key",
    message: "Missing API key in the authorization header.",
  }]);
  assertEquals([basic.status, basic.json.name], [401, "missing_api_key"]);
  assertEquals([foreign.status, foreign.json.name], [403, "invalid_api_key"]);
  assertEquals(await mailsTo(mail.to), []);
  const [unknown, malformed] = [crypto.randomUUID(), "rita"].map((id) => resend.emails.get(id));
  assertEquals(resendOutcome(await unknown), [404, "not_found"]);
  assertEquals(resendOutcome(await malformed), [422, "invalid_parameter"]);
});

Deno.test("the inbox shows a hostile mail as text, and its HTML only where nothing runs or loads", async () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>`;
  const mail = letter({ subject: hostile, html: hostile, text: hostile, headers: { "X-Note": hostile } });
  const { data } = await resend.emails.send(mail);

  const pages = await Promise.all(
    ["/", `/mails/${data?.id}`, `/mails/${data?.id}?view=text`, `/mails/${data?.id}?view=headers`]
      .map((path) => mailbox("GET", path)),
  );
  const inner = await mailbox("GET", `/mails/${data?.id}/html`);

  for (const page of pages) {
    const policy = page.headers.get("content-security-policy") ?? "";
    assertEquals([page.status, page.text.includes("<script>alert"), page.text.includes("<img")], [200, false, false]);
    assertStringIncludes(page.text, "&lt;script&gt;alert(1)&lt;/script&gt;");
    assertStringIncludes(policy, "default-src 'none'");
    assertEquals(policy.includes("unsafe"), false);
  }
  const chosen = pages.map((page) => page.text.match(/<a href="[^"]*" aria-current="page">/g)?.length ?? 0);
  assertEquals(chosen, [0, 2, 2, 2]);
  const sandbox = /<iframe sandbox="([^"]*)"/.exec(pages[1].text)?.[1] ?? "none";
  assertEquals(sandbox, "allow-popups allow-popups-to-escape-sandbox");
  assertStringIncludes(inner.text, hostile);
  const policy = inner.headers.get("content-security-policy")?.split("; ") ?? [];
  assertEquals(policy.includes(`sandbox ${sandbox}`) && policy.includes("default-src 'none'"), true);
  assertEquals(policy.some((directive) => /script-src|https?:|\*/.test(directive)), false);
});

Deno.test("a thousand mails are kept, and emptying the mailbox leaves none", async () => {
  const own = await startMailbox(0);
  const { emails } = new Resend("re_test", { baseUrl: own.url });
  const [oldest, mail] = [letter(), letter()];
  const reach = async ({ to }: Json) => (await (await fetch(`${own.url}/emails?to=${to}`)).json()).data.length;
  try {
    await emails.send(oldest);
    for (let sent = 0; sent < 1_000; sent += 50) {
      await Promise.all(Array.from({ length: 50 }, () => emails.send(mail)));
    }

    assertEquals([await reach(oldest), await reach(mail)], [0, 1_000]);
    assertStringIncludes(await (await fetch(own.url)).text(), "and 800 older");
    assertEquals((await fetch(`${own.url}/emails`, { method: "DELETE" })).status, 204);
    assertEquals((await emails.list()).data, { object: "list", has_more: false, data: [] });
  } finally {
    await own.stop();
  }
});

Deno.test("a taken port is refused in one sentence, and the mailbox that has it goes on", async () => {
  const { port } = new URL(stack.mailUrl);

  const refused = await startMailbox(Number(port)).catch((error) => error);

  assertEquals([refused.name, refused.message], [
    "Refusal",
    `Port ${port} is taken by another program: stop it, or choose another port with --mail-port.`,
  ]);
  assertEquals((await mailbox("GET", "/")).status, 200);
});
