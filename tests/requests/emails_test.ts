import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { brandColor, contrast } from "../../supabase/functions/api/mail/brand.ts";
import { headerText } from "../../supabase/functions/api/mail/header_text.ts";
import { htmlToText, wrap } from "../../supabase/functions/api/mail/plain_text.ts";
import { type ReferralRequest, referralRequestMail } from "../../supabase/functions/api/mail/referral_request.tsx";
import { sanitize } from "../../supabase/functions/api/mail/sanitize.ts";
import { thankYouMail } from "../../supabase/functions/api/mail/thank_you.tsx";
import { escapeHtml, fillTokens } from "../../supabase/functions/api/mail/template.ts";

const brand = {
  name: "Harbour Health",
  logo_url: null,
  primary_color: "#0f766e",
  contact_email: "hello@harbour.example",
};
const values = {
  "contact.first_name": `Ann & "Bo" <i>`,
  "contact.last_name": null,
  "contact.email": "ann@lee.example",
  "company.name": "{{contact.email}}",
  "opportunity.name": null,
  public_url: "https://refer.example/token",
};
const request: ReferralRequest = {
  brand,
  contact: { first_name: "Ann", last_name: null, email: "ann@lee.example" },
  opportunity: null,
  public_url: `https://referrals.example/functions/v1/api/v1/refer/${"t0ken".repeat(20)}`,
  unsubscribe_url: `https://referrals.example/functions/v1/api/v1/public/unsubscribe/${"t0ken".repeat(20)}`,
  expires_at: "2026-12-21T20:00:00.000Z",
  timezone: "Australia/Sydney",
  subject_override: null,
  intro_html: null,
  how_it_works_html: null,
};

Deno.test("a token takes its value, escaped for HTML and as it is for a subject", () => {
  const template = `<a title="{{ contact.first_name\n}}">{{contact.first_name}}</a>`;
  const escaped = "Ann &amp; &quot;Bo&quot; &lt;i&gt;";

  assertEquals(fillTokens(template, values, escapeHtml), `<a title="${escaped}">${escaped}</a>`);
  assertEquals(fillTokens("For {{contact.first_name}}", values, (value) => value), `For Ann & "Bo" <i>`);
  assertEquals(escapeHtml(`it's`), "it&#39;s");
});

Deno.test("a token that names nothing, or nothing known, leaves nothing", () => {
  const unknown = [
    "constructor",
    "__proto__",
    "toString",
    "contact",
    "a.b.c",
    "",
    " ",
    "contact.phone",
    "Contact.Email",
  ];
  for (const name of [...unknown, "contact.last_name", "opportunity.name"]) {
    assertEquals(fillTokens(`[{{${name}}}]`, values, escapeHtml), "[]", name);
  }
});

Deno.test("a value that looks like a token is not filled in its turn", () => {
  assertEquals(fillTokens("{{company.name}}", values, escapeHtml), "{{contact.email}}");
  assertEquals(fillTokens("{{{company.name}}}", values, escapeHtml), "{{{contact.email}}}");
});

Deno.test("a header is one clean line of at most 200 characters", () => {
  assertEquals(
    headerText(" Hi\r\nBcc: eve@x.example\0\u2028\u2029\u0085\t there \u001b"),
    "Hi Bcc: eve@x.example there",
  );
  assertEquals(headerText("\u202egnp\u202c.\u2066exe\u2069 \u200fשרה"), "gnp.exe \u200fשרה");
  assertEquals(headerText("😀".repeat(300)), "😀".repeat(199) + "…");
  assertEquals(headerText("😀".repeat(200)), "😀".repeat(200));
});

Deno.test("the subject is the workspace's own where it says something, and ours where it says nothing", async () => {
  const subject = async (subject_override: string | null) =>
    (await referralRequestMail({ ...request, subject_override })).subject;

  assertEquals(await subject("{{contact.first_name}},\r\ntell {{company.name}}"), "Ann, tell Harbour Health");
  for (const nothing of [null, "", " \r\n", "{{contact.last_name}}", "\u202e"]) {
    assertEquals(await subject(nothing), "Know someone Harbour Health could help?");
  }
});

Deno.test("foreign HTML keeps its text, lists, links and https pictures, and loses the rest", async () => {
  const rel = `rel="noopener noreferrer"`;
  const cases = {
    [`<p class="a" style="x" id="i" onclick="x">Hi <b>you</b>`]: "<p>Hi <b>you</b></p>",
    [`<div><h1>A</h1><h5>B</h5></div>`]: "<div><h1>A</h1><h4>B</h4></div>",
    [`<ul><li>a<li>b`]: "<ul><li>a</li><li>b</li></ul>",
    [`<a href="https://x.example" rel="opener" target="_top">x</a>`]: `<a href="https://x.example" ${rel}>x</a>`,
    [`<a href="mailto:a@b.example">m</a><a href="tel:+61">t</a>`]:
      `<a href="mailto:a@b.example" ${rel}>m</a><a href="tel:+61" ${rel}>t</a>`,
    [`<a href="http://x.example">h</a><a href="//x">p</a><a href="javascript:x">j</a>`]:
      `<a ${rel}>h</a><a href="https://x" ${rel}>p</a><a ${rel}>j</a>`,
    [`<img src="https://x.example/i.png" width="9" height="9">`]:
      `<img src="https://x.example/i.png" alt="" width="9" />`,
    [`<img src="http://x"><img src="data:image/png;base64,AA"><img src="//x">`]: "",
    [`a<script>b</script><style>c</style><svg><title>d</title></svg><!--e-->`]: "ad",
  };
  for (const [given, kept] of Object.entries(cases)) assertEquals(await sanitize(given), kept);
});

Deno.test("a link to the public page survives where that page is plain http, as on the embedded stack", async () => {
  const link = `<a href="{{public_url}}">here</a><a href="http://other.example">there</a>`;
  const public_url = "http://127.0.0.1:54321/refer/token";

  const { html } = await referralRequestMail({ ...request, public_url, intro_html: link });

  assertStringIncludes(html, `<a href="${public_url}" rel="noopener noreferrer">here</a>`);
  assert(!html.includes("http://other.example"));
});

Deno.test("a contact named like a link is read as that name in the workspace's HTML, and leads nowhere", async () => {
  const contact = { first_name: `<a href="https://evil.example">Ann</a>`, last_name: null, email: "ann@lee.example" };

  const { html, text } = await referralRequestMail({
    ...request,
    contact,
    intro_html: "<p>Dear {{contact.first_name}}",
  });

  assertStringIncludes(text, `Dear <a href="https://evil.example">Ann</a>`);
  assert(!/<a [^>]*evil/.test(html));
});

Deno.test("foreign HTML that says nothing gives way to our own words", async () => {
  const usual = await referralRequestMail(request);
  for (const nothing of ["", "<p> </p>", "<script>x</script>", "{{opportunity.name}}", `<img src="http://x">`]) {
    assertEquals(await referralRequestMail({ ...request, intro_html: nothing, how_it_works_html: nothing }), usual);
  }
});

Deno.test("text says what the HTML says: paragraphs apart, items by line, links with their address", async () => {
  const html = `<h2>Dear&nbsp;Ann &amp; co</h2><p>See <a href="https://x.example/?a=1&b=2">our <b>site</b></a>.<br>
    Or <a href="https://y.example">https://y.example</a>, <a href="mailto:a@b.example">a@b.example</a></p>
    <ul><li><p>one</p></li><li>two<ol><li>deep</li><li></li><li>deeper</li></ol></li></ul>
    <p></p><img src="https://x.example/i.png" alt="A harbour"> 1 &lt; 2`;

  assertEquals(
    htmlToText(await sanitize(html)),
    "Dear Ann & co\n\nSee our site (https://x.example/?a=1&b=2).\nOr https://y.example, a@b.example\n\n" +
      "- one\n- two\n  1. deep\n  3. deeper\n\nA harbour 1 < 2",
  );
  assertEquals(htmlToText(await sanitize("<p> <br> </p><ul><li></li></ul><hr>")), "");
});

Deno.test("long lines are wrapped under their item, and a URL never is", () => {
  const url = `https://x.example/${"a".repeat(90)}`;
  const wrapped = wrap(`- ${"word ".repeat(30)}${url} end`).split("\n");

  assert(wrapped.every((line) => line.length <= 76 || line.trim() === url));
  assert(wrapped.slice(1).every((line) => /^ {2}\S/.test(line)));
  assertEquals(wrapped.join(" ").replace(/ +/g, " "), `- ${"word ".repeat(30)}${url} end`);
});

Deno.test("a referral request greets ann, and carries its link, its last day and the way out in HTML and in text", async () => {
  const { html, text } = await referralRequestMail(request);

  for (const part of [html, text]) {
    assertStringIncludes(part, "Hi Ann,");
    assertStringIncludes(part, "until 22 December 2026.");
    assertStringIncludes(part, "hello@harbour.example");
  }
  assertEquals(html.split(`href="${request.public_url}"`).length, 3);
  assertStringIncludes(html, `href="${request.unsubscribe_url}"`);
  for (const url of [request.public_url, request.unsubscribe_url]) assert(text.split("\n").includes(url));
});

Deno.test("a time zone that only Postgres knows does not stop the mail: its day is the one in UTC", async () => {
  const { text } = await referralRequestMail({ ...request, timezone: "AEST" });
  assertStringIncludes(text, "until 21 December 2026.");
});

Deno.test("ann is thanked by name, and learns no more of her friend than the first name", () => {
  const friend = { first_name: "Ben", last_name: "Secretson", email: "ben@secret.example", phone: "+61400000000" };

  const { subject, html, text } = thankYouMail({ brand, referrer: { first_name: "Ann" }, friend });
  const unnamed = thankYouMail({ brand, referrer: { first_name: "" }, friend: null });

  assertEquals(subject, "Thank you for your referral, Ann");
  for (const part of [html, text]) {
    assertMatch(part, /Hi Ann,[^]*introducing Ben to Harbour Health\./);
    assert(!/secret|61400/i.test(part));
  }
  assertEquals(unnamed.subject, "Thank you for your referral");
  assertStringIncludes(unnamed.text, "Hello,\n\nThank you for introducing your friend to Harbour Health.");
});

Deno.test("a contact email cannot write to anyone else, nor write lines of its own", () => {
  const mallory = { ...brand, contact_email: "a@b.example?bcc=everyone@c.example&body=x\r\nPay us" };
  const { html, text } = thankYouMail({ brand: mallory, referrer: { first_name: "Ann" }, friend: null });
  assertStringIncludes(html, `"mailto:a@b.example%3Fbcc%3Deveryone@c.example%26body%3Dx%20Pay%20us"`);
  assertStringIncludes(text, "\na@b.example?bcc=everyone@c.example&body=x Pay us\n");
});

Deno.test("the same mail is rendered twice alike, so that a retry repeats its payload", async () => {
  assertEquals(await referralRequestMail(request), await referralRequestMail(request));
});

Deno.test("the ink is legible on any colour, and the better of the two", () => {
  // WCAG 2, written out a second time.
  const linear = (channel: number) =>
    channel / 255 <= 0.04045 ? channel / 3294.6 : ((channel / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = (c: number) => linear(c >> 16) * 0.2126 + linear(c >> 8 & 255) * 0.7152 + linear(c & 255) * 0.0722;
  const random = Array.from({ length: 1_000 }, () => Math.floor(Math.random() * 0x1000000));
  for (const number of [0, 0xffffff, 0x757575, 0x767676, 0x777777, 0xff0000, 0x00ff00, 0x0000ff, ...random]) {
    const color = `#${number.toString(16).padStart(6, "0")}`;
    const onWhite = 1.05 / (luminance(number) + 0.05);
    const onBlack = (luminance(number) + 0.05) / 0.05;
    assertEquals(contrast(color), onBlack > onWhite ? "#000000" : "#ffffff", color);
    assert(Math.max(onWhite, onBlack) >= 4.5, color);
  }
});

Deno.test("a button in white or black has an edge that paper and dark mode leave visible", async () => {
  const edge = async (primary_color: string) =>
    /border:1px solid (#\w+)/.exec((await referralRequestMail({ ...request, brand: { ...brand, primary_color } })).html)
      ?.[1];
  assertEquals(await Promise.all(["#ffffff", "#000000", "#0f766e"].map(edge)), ["#8a94a3", "#8a94a3", "#0f766e"]);
});

Deno.test("a workspace without a colour, or with one that is none, wears ours", () => {
  const colors = [null, "", "red", "#fff", "#12345g", "#ffffff;position:fixed"];
  assertEquals(new Set(colors.map((primary_color) => brandColor({ ...brand, primary_color }))), new Set(["#0f766e"]));
  assertEquals(brandColor({ ...brand, primary_color: "#ABCDEF" }), "#ABCDEF");
});
