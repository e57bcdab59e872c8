import { assertEquals, assertStringIncludes } from "@std/assert";
import { foreignHtml } from "../../supabase/functions/api/mail/foreign_html.ts";
import { htmlToText } from "../../supabase/functions/api/mail/plain_text.ts";
import { mailbox, mailsTo } from "../world/mailbox.ts";
import { type Json, world } from "../world/world.ts";

const values = { "contact.first_name": "Sam & <Jo>", "contact.last_name": "Lee" };
const mailed = (html: string) => foreignHtml(html, values);

const texts: [string, string, string][] = [
  ["Gmail", "<div>Dear Sam,</div><div>we have moved.</div>", "Dear Sam,\nwe have moved."],
  ["Gmail's empty line", "<div>Dear Sam,</div><div><br></div><div>We moved.</div>", "Dear Sam,\n\nWe moved."],
  [
    "Outlook",
    '<p class="MsoNormal">Dear Sam,<o:p></o:p></p><p class="MsoNormal">We moved.</p>',
    "Dear Sam,\n\nWe moved.",
  ],
  ["Quill", '<p>Dear Sam,</p><p><br></p><p class="ql-align-center">We moved.</p>', "Dear Sam,\n\nWe moved."],
  [
    "a table",
    "<table><tbody><tr><td>MRI</td><td>$300</td></tr><tr><td>CT</td><td>$200</td></tr></tbody></table>",
    "MRI $300\nCT $200",
  ],
  ["a table of layout", "<table><tr><td><p>Dear Sam,</p><p>We moved.</p></td></tr></table>", "Dear Sam,\n\nWe moved."],
  [
    "headings",
    "<h1>News</h1>We moved.<h5>Where</h5>Next door<h6>When</h6>Now",
    "News\n\nWe moved.\n\nWhere\n\nNext door\n\nWhen\n\nNow",
  ],
  ["HTML 5", "<header>News</header><section>We moved.</section><footer>Bye</footer>", "News\nWe moved.\nBye"],
  ["nested lines", "<div><div>One</div><div>Two<div>Three</div></div></div>Four", "One\nTwo\nThree\nFour"],
  ["what is typed before a line", "Dear Sam,<div>we have moved.</div>", "Dear Sam,\nwe have moved."],
  ["preformatted", "<pre>Mon  9-5\nTue  9-1\n\nWed  -</pre>", "Mon  9-5\nTue  9-1\n\nWed  -"],
  ["terms", "<dl><dt>Where</dt><dd>Next door</dd><dt>When</dt><dd>Now</dd></dl>", "Where\nNext door\nWhen\nNow"],
  [
    "a figure",
    '<figure><img src="https://x.example/a.png" alt="Map"><figcaption>Here</figcaption></figure>',
    "Map\nHere",
  ],
  [
    "a list in lines",
    "<div>We:</div><ul><li><div>listen</div></li><li>help</li></ul><div>Bye</div>",
    "We:\n\n- listen\n- help\n\nBye",
  ],
];

for (const [editor, html, text] of texts) {
  Deno.test(`the lines of ${editor} stay lines, in the mail's text`, async () => {
    const clean = await mailed(html);
    assertEquals(htmlToText(clean), text);
    assertEquals(/<(table|t[drh]|tbody|section|figure|dl|o:p)\b/.test(clean), false, clean);
  });
}

Deno.test("a link is what people mean by an address without a scheme, and never a script", async () => {
  const links: [string, string | null][] = [
    ["www.example.com", "https://www.example.com"],
    ["example.com", "https://example.com"],
    ["example.com/team?id=1#us", "https://example.com/team?id=1#us"],
    ["clinic.com.au:8080/x", "https://clinic.com.au:8080/x"],
    ["müller.example", "https://müller.example"],
    ["//example.com/x", "https://example.com/x"],
    ["sam@example.com", "mailto:sam@example.com"],
    ["https://example.com", "https://example.com"],
    ["mailto:sam@example.com", "mailto:sam@example.com"],
    ["tel:+61412000101", "tel:+61412000101"],
    ["javascript:alert(1)", null],
    ["javascript:alert(1)//www.example.com", null],
    ["data:text/html,x.example", null],
    ["/team", null],
    ["#top", null],
    ["?page=2", null],
    ["evil:example.com", null],
  ];
  for (const [typed, href] of links) {
    const clean = await mailed(`<a href="${typed}">x</a>`);
    assertEquals(/href="([^"]*)"/.exec(clean)?.[1] ?? null, href, typed);
  }
});

Deno.test("a token is one however an editor writes it, and its value is text", async () => {
  const written = [
    ...[
      "{{contact.first_name}}",
      "{{ contact.first_name }}",
      "{{&nbsp;contact.first_name&nbsp;}}",
      "{{\u00a0contact.first_name}}",
    ],
    ...[
      "&#123;&#123;contact.first_name&#125;&#125;",
      "&lcub;&lbrace;contact.first_name&rcub;&rbrace;",
      "&#x7B;{contact.first_name}&#x7d;",
    ],
    ...["{{contact&#46;first_name}}", "{{contact&period;first&lowbar;name}}", "{{<b>contact.first_name</b>}}"],
    ...[
      "{{contact.<span style='x'>first_name</span>}}",
      "{{\u200bcontact.first_name\ufeff}}",
      "{{&#8203;contact.first&#x5F;name}}",
    ],
  ];
  for (const token of written) {
    assertEquals(await mailed(`<p>Hi ${token}!</p>`), "<p>Hi Sam &amp; &lt;Jo&gt;!</p>", token);
  }
  assertEquals(
    await mailed("<p>{{contact&amp;first_name}}{{odd}}{ {contact.last_name} }</p>"),
    "<p>{ {contact.last_name} }</p>",
  );
});

Deno.test("a picture keeps its width as far as a mail is wide", async () => {
  const widths: [string, string | undefined][] = [
    ['width="200"', "200"],
    ['width="200px"', "200"],
    ['width="50%"', "50%"],
    ['width="1200"', "536"],
    ['width="300.5"', "300"],
    ['style="width: 240px; height: auto"', "240"],
    ['style="max-width:100px;width:33.3%"', "33%"],
    ['width="900" style="width:120px"', "120"],
    ['width="0"', undefined],
    ['width="auto"', undefined],
    ['width="-5"', undefined],
    ['width="1&quot; onload=&quot;alert(1)"', undefined],
    ["", undefined],
  ];
  for (const [attributes, width] of widths) {
    const clean = await mailed(`<img src="https://x.example/a.png" alt="A" ${attributes}>`);
    assertEquals(/ width="([^"]*)"/.exec(clean)?.[1], width, attributes);
    assertStringIncludes(clean, '<img src="https://x.example/a.png" alt="A"');
  }
});

Deno.test("a request whose mail Gmail would clip is refused, and nobody is asked", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", {
    first_name: "Rita",
    email: `rita-${crypto.randomUUID()}@example.com`,
  });
  const asks = (texts: Json) => alice.post("/referrals/request", { contact_id: rita.id, ...texts });
  const links = "<a href=x.example>x</a>".repeat(860);
  const tooMuch: [Json, string[]][] = [
    [{ intro_html: links, how_it_works_html: links }, ["intro_html", "how_it_works_html"]],
    [{ intro_html: "語".repeat(19_000), how_it_works_html: "語".repeat(19_000) }, ["intro_html", "how_it_works_html"]],
    [{ how_it_works_html: "{{contact.first_name}} ".repeat(53) }, ["how_it_works_html"]],
    [{ intro_html: "&".repeat(20_000) }, ["intro_html"]],
    [{ intro_html: links, how_it_works_html: links, expires_in_days: 0 }, [
      "expires_in_days",
      "how_it_works_html",
      "intro_html",
    ]],
  ];
  for (const [texts, paths] of tooMuch) {
    const { status, error } = await asks(texts);
    assertEquals([status, error.code], [400, "VALIDATION_ERROR"]);
    assertEquals(error.details.fields.map(({ path }: Json) => path).sort(), paths.sort());
  }
  assertEquals([(await alice.gets("/referrals/requests")).length, (await mailsTo(rita.email)).length], [0, 0]);

  const asked = await asks({ intro_html: "語".repeat(14_000), how_it_works_html: "語".repeat(14_000) });
  assertEquals(asked.status, 201, asked.text);
  const [{ id }] = await mailsTo(rita.email);
  const { html } = (await mailbox("GET", `/emails/${id}`)).json;
  assertEquals(new TextEncoder().encode(html).length < 102_000, true);
  assertEquals(html.includes("Unsubscribe</a>") && html.includes("Refer a friend</a>"), true);
});
