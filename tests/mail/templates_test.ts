import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ApiError } from "../../supabase/functions/api/contract/errors.ts";
import { customMail } from "../../supabase/functions/api/mail/custom_mail.tsx";
import { foreignHtml } from "../../supabase/functions/api/mail/foreign_html.ts";
import { sanitize } from "../../supabase/functions/api/mail/sanitize.ts";
import { bytes, characters, escapeHtml, filledSize, fillTokens } from "../../supabase/functions/api/mail/template.ts";
import { NewReferralRequest } from "../../supabase/functions/api/referral_requests/schema.ts";
import { automate, trigger } from "../world/automations.ts";
import { hostileStrings, nastiest } from "../world/hostile_strings.ts";
import { mailsTo } from "../world/mailbox.ts";
import { checksOn } from "../world/sql_checks.ts";
import { chain, type Json, sql, world } from "../world/world.ts";

const own = ["http://127.0.0.1:54321/refer/token"];
const rel = `rel="noopener noreferrer"`;

/** As a template was filled before: first filled, then sanitised as a whole. */
const filledFirst = (template: string, value: string) =>
  sanitize(fillTokens(template, { value, link: own[0] }, escapeHtml), own);

const places = [
  "<p>Dear {{value}},</p>",
  "<p>{{value}}</p><ul><li>{{value}}{{value}}<li><b>{{ value }}</ul>",
  `<a href="{{value}}">{{value}}</a>`,
  `<a href='https://clinic.example/?name={{value}}&b=1'>page</a>`,
  `<a href="{{link}}">yours</a>`,
  `<a href=" mailto:{{value}} ">write</a>`,
  `<img src="{{value}}" alt="{{value}}">`,
  `<img src="https://x.example/{{value}}" alt='"{{value}}"'>`,
  `<p title="{{value}}" onclick="{{value}}">x</p><script>{{value}}</script><style>{{value}}</style><!-- {{value}} -->`,
  `<textarea>{{value}}</textarea><noscript>{{value}}</noscript><div>{{unknown}}{{value}}`,
];

Deno.test("a template sanitised with its tokens in place reads as one that was filled first, whatever they bring", async () => {
  for (const value of ["", "Ann", "https://x.example/?a=1&b=2", "&amp;&#60;&lt", ...hostileStrings]) {
    for (const place of places) {
      assertEquals(
        await foreignHtml(place, { value, link: own[0] }, own),
        await filledFirst(place, value),
        JSON.stringify([place, value.slice(0, 100)]),
      );
    }
  }
});

Deno.test("a template of hostile strings is sanitised as it was before, with tokens among them", async () => {
  for (const text of hostileStrings) {
    if (text.includes("{{")) continue;
    const template = `${text} {{value}} ${text}`;
    assertEquals(
      await foreignHtml(template, { value: "Ann" }),
      await sanitize(`${text} Ann ${text}`),
      text,
    );
  }
});

Deno.test("a value is text in a text, in an attribute and in an address, which is judged as it will be", async () => {
  const cases: [template: string, value: string, html: string][] = [
    [
      "<p>{{v}}</p>",
      `<img src="https://x.example/i.png" onerror=x>`,
      `<p>&lt;img src="https://x.example/i.png" onerror=x&gt;</p>`,
    ],
    [`<a href="{{v}}">x</a>`, "javascript:alert(1)", `<a ${rel}>x</a>`],
    [`<a href="{{v}}">x</a>`, " JavaScript:alert(1)", `<a ${rel}>x</a>`],
    [`<a href="{{v}}script:alert(1)">x</a>`, "java", `<a ${rel}>x</a>`],
    [`<a href="{{v}}://x.example">x</a>`, "https", `<a href="https://x.example" ${rel}>x</a>`],
    [`<a href="{{v}}">x</a>`, "//x.example", `<a href="https://x.example" ${rel}>x</a>`],
    [
      `<a href={{v}}>x</a>`,
      `https://x.example/ onmouseover=alert(1)`,
      `<a href="https://x.example/ onmouseover=alert(1)" ${rel}>x</a>`,
    ],
    [
      `<a href="https://x.example/{{v}}">x</a>`,
      `" onmouseover="alert(1)`,
      `<a href="https://x.example/&quot; onmouseover=&quot;alert(1)" ${rel}>x</a>`,
    ],
    [`<img src="{{v}}">`, "data:image/png;base64,AA", ""],
    [
      `<img src="https://x.example/i.png" alt="{{v}}">`,
      `"><script>x`,
      `<img src="https://x.example/i.png" alt="&quot;&gt;&lt;script&gt;x" />`,
    ],
    ["<{{v}}>x</{{v}}>", "script", "x"],
    [`<p {{v}}="x">y</p>`, "onclick", "<p>y</p>"],
    ["{{v}}", "{{v}}", "{{v}}"],
  ];
  for (const [template, v, html] of cases) {
    assertEquals([template, await foreignHtml(template, { v })], [template, html]);
  }
});

Deno.test("what a template comes to is known before anything is built", () => {
  for (const value of ["", "Ann", "é<&>😀", ...nastiest]) {
    const values = { value, none: null };
    const template = `é😀{{value}}<b>{{ value\n}}</b>{{none}}{{unknown}}`;
    assertEquals(
      filledSize(template, values, bytes, (text) => bytes(escapeHtml(text))),
      bytes(fillTokens(template, values, escapeHtml)),
    );
    assertEquals(filledSize(template, values, characters), characters(fillTokens(template, values, (text) => text)));
  }
});

Deno.test("2,222 times ten thousand < are refused in milliseconds, and so is what is a byte too much", async () => {
  const brand = { name: "Harbour", logo_url: null, primary_color: null, contact_email: null };
  const letter = { brand, unsubscribe_url: null };
  const refused = async (body_html: string, notes: string) => {
    const started = performance.now();
    const error = await customMail({ ...letter, subject: "{{notes}}".repeat(22), body_html, tokens: { notes } }).catch((
      error,
    ) => error);
    return [error instanceof ApiError && error.code, performance.now() - started < 250];
  };
  await customMail({ ...letter, subject: "Warm", body_html: "<p>up</p>", tokens: {} });

  assertEquals(await refused("{{notes}}".repeat(2_222), "<".repeat(10_000)), ["VALIDATION_ERROR", true]);
  assertEquals(await refused("{{notes}}{{notes}}", "&".repeat(10_001)), ["VALIDATION_ERROR", true]);
  const { subject, html } = await customMail({
    ...letter,
    subject: "{{notes}}".repeat(22),
    body_html: "{{notes}}{{notes}}",
    tokens: { notes: "&".repeat(8_500) },
  });
  assertEquals([characters(subject), html.split("&amp;").length > 17_000], [200, true]);
});

Deno.test("alice's automation with a mail out of all bounds fails at once and says so, and mails nobody", async () => {
  const { alice } = await world();
  const { referrer: rita, opportunity } = await chain(alice);
  const send = (body_html: string) => ({
    action_type: "send_email",
    config: { to: "referrer", subject: "Hi", body_html },
  });
  const automation = await automate(
    alice,
    { trigger_type: "referral_attributed", enabled: false },
    send("{{notes}}".repeat(2_222)),
  );
  const started = performance.now();

  const run = await trigger(alice, automation, { referred_deal_id: opportunity.id, notes: "<".repeat(10_000) });

  const error = "The mail's HTML comes to more than 100 kB once its tokens are filled.";
  assertEquals([run.status, run.error], ["failed", `send_email failed: ${error}`]);
  assertEquals(run.action_results.map((result: Json) => [result.status, result.error]), [["failed", error]]);
  assert(performance.now() - started < 2_000);
  assertEquals(await mailsTo(rita.email), []);
});

Deno.test("a referral of alice's automation is refused notes that grow out of their field, and none is written", async () => {
  const { alice } = await world();
  const { opportunity, referral } = await chain(alice);
  const automation = await automate(alice, { trigger_type: "referral_attributed", enabled: false }, {
    action_type: "attribute_referral",
    config: { notes: "{{notes}}".repeat(1_111) },
  });

  const run = await trigger(alice, automation, { referred_deal_id: opportunity.id, notes: "<".repeat(10_000) });

  assertEquals([run.status, run.error], [
    "failed",
    "attribute_referral failed: notes comes to more than 10000 characters.",
  ]);
  assertEquals((await alice.gets("/referrals")).map(({ id, notes }: Json) => [id, notes]), [[
    referral.id,
    "Met at the gym",
  ]]);
});

for (const field of ["intro_html", "how_it_works_html"] as const) {
  Deno.test(`a request's ${field} that may come to more than a mail is refused before anybody is asked`, async () => {
    const { alice } = await world();
    const { referrer: rita } = await chain(alice);
    const [fine, over] = ["{{contact.email}}".repeat(55), "{{contact.email}}".repeat(56)];
    const { takes } = await checksOn(`referral_requests.${field}`);

    const refused = await alice.post("/referrals/request", { contact_id: rita.id, [field]: over });
    const stored = await sql`select id from referral_requests where company_id = ${alice.companyId}`;
    const asked = await alice.post("/referrals/request", {
      contact_id: rita.id,
      [field]: "{{contact.email}}".repeat(45),
    });

    assertEquals([refused.status, refused.error.code, refused.error.details.fields[0].path], [
      400,
      "VALIDATION_ERROR",
      field,
    ]);
    assertStringIncludes(refused.error.details.fields[0].message, "100 kB");
    assertEquals([stored.length, asked.status, (await mailsTo(rita.email)).length], [0, 201, 1]);
    for (const html of [fine, over, "é".repeat(20_000), "😀".repeat(20_000) + "{{x}}".repeat(12)]) {
      assertEquals(NewReferralRequest.shape[field].safeParse(html).success, await takes(html), html.slice(0, 50));
    }
  });
}
