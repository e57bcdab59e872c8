import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { headerText } from "../../supabase/functions/api/mail/header_text.ts";
import type { MailContent } from "../../supabase/functions/api/mail/layout.tsx";
import { type ReferralRequest, referralRequestMail } from "../../supabase/functions/api/mail/referral_request.tsx";
import { type ThankYou, thankYouMail } from "../../supabase/functions/api/mail/thank_you.tsx";
import { hostileStrings, nastiest } from "../world/hostile_strings.ts";

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

const brand = { name: "Harbour", logo_url: null, primary_color: null, contact_email: "hello@harbour.example" };
const request: ReferralRequest = {
  brand,
  contact: { first_name: "Ann", last_name: "Lee", email: "ann@lee.example" },
  opportunity: { name: "Knee" },
  public_url: "http://127.0.0.1:54321/refer/token",
  unsubscribe_url: "https://api.example/public/unsubscribe/token",
  expires_at: "2026-12-22T09:30:00.000Z",
  timezone: "UTC",
  subject_override: null,
  intro_html: null,
  how_it_works_html: null,
};
const thanks: ThankYou = { brand, referrer: { first_name: "Ann" }, friend: { first_name: "Ben" } };

const withLogo = { ...brand, logo_url: "https://x.example/logo.png" };
const frames = {
  request: {
    "without a logo": frame(parse((await referralRequestMail(request)).html)),
    "with a logo": frame(parse((await referralRequestMail({ ...request, brand: withLogo })).html)),
  },
  thanks: {
    "without a logo": frame(parse(thankYouMail(thanks).html)),
    "with a logo": frame(parse(thankYouMail({ ...thanks, brand: withLogo }).html)),
  },
};

const asked: Record<string, (text: string) => ReferralRequest> = {
  "the company's name": (text) => ({ ...request, brand: { ...brand, name: text } }),
  "the logo": (text) => ({ ...request, brand: { ...brand, logo_url: text } }),
  "the colour": (text) => ({ ...request, brand: { ...brand, primary_color: text } }),
  "the contact email": (text) => ({ ...request, brand: { ...brand, contact_email: text } }),
  "the first name": (text) => ({ ...request, contact: { ...request.contact, first_name: text } }),
  "the tokens' values": (text) => ({
    ...request,
    contact: { first_name: text, last_name: text, email: text },
    opportunity: { name: text },
    subject_override: everyToken,
    intro_html: `<p>${everyToken}</p><a href="${everyToken}">a</a><img src="https://x.example/${everyToken}">`,
    how_it_works_html: `<a href=${everyToken}>${everyToken}</a><img alt='${everyToken}' src="https://x.example/i.png">`,
  }),
  "the subject": (text) => ({ ...request, subject_override: text }),
  "the intro": (text) => ({ ...request, intro_html: text }),
  "the steps": (text) => ({ ...request, how_it_works_html: text }),
  "the time zone": (text) => ({ ...request, timezone: text }),
};
const everyToken = "{{contact.first_name}}{{contact.last_name}}{{contact.email}}{{opportunity.name}}{{company.name}}";

const thanked: Record<string, (text: string) => ThankYou> = {
  "the company's name": (text) => ({ ...thanks, brand: { ...brand, name: text } }),
  "the logo": (text) => ({ ...thanks, brand: { ...brand, logo_url: text } }),
  "the colour": (text) => ({ ...thanks, brand: { ...brand, primary_color: text } }),
  "the contact email": (text) => ({ ...thanks, brand: { ...brand, contact_email: text } }),
  "the referrer": (text) => ({ ...thanks, referrer: { first_name: text } }),
  "the friend": (text) => ({ ...thanks, friend: { first_name: text } }),
};

for (const [field, fill] of Object.entries(asked)) {
  Deno.test(`whatever mallory puts into ${field} of a referral request, the mail's frame stays as it is`, async () => {
    for (const text of nastiest) await refuses(text, () => referralRequestMail(fill(text)), fill(text));
  });
}

for (const [field, fill] of Object.entries(thanked)) {
  Deno.test(`whatever mallory puts into ${field} of a thank-you, the mail's frame stays as it is`, async () => {
    for (const text of nastiest) await refuses(text, () => thankYouMail(fill(text)), fill(text));
  });
}

Deno.test("no mail gives way to any of hundreds of hostile strings in all of its fields at once", async () => {
  assert(hostileStrings.length > 500);
  for (const text of hostileStrings) {
    const hostile = { name: text, logo_url: text, primary_color: text, contact_email: text };
    const contact = { first_name: text, last_name: text, email: text };
    const asking = {
      ...request,
      brand: hostile,
      contact,
      opportunity: { name: text },
      timezone: text,
      subject_override: text,
      intro_html: text,
      how_it_works_html: text,
    };
    await refuses(text, () => referralRequestMail(asking), asking);
    const thanking = { brand: hostile, referrer: contact, friend: contact };
    await refuses(text, () => thankYouMail(thanking), thanking);
  }
});

Deno.test("a name full of markup reads in the mail exactly as it is written", async () => {
  for (const text of nastiest) {
    const { html } = await referralRequestMail(asked["the first name"](text));
    assertStringIncludes(words(parse(html)), `Hi ${headerText(text)},`);
  }
});

/** The mail that `render` makes has the frame it has with friendly values, a clean subject, and nothing that runs. */
async function refuses(
  text: string,
  render: () => MailContent | Promise<MailContent>,
  { brand }: ReferralRequest | ThankYou,
) {
  const mail = await render();
  const document = parse(mail.html);
  const why = `with ${JSON.stringify(text.slice(0, 200))}`;
  const logo = URL.parse(brand.logo_url ?? "")?.protocol === "https:" ? "with a logo" : "without a logo";

  assert(!/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(mail.subject), why);
  assert(mail.subject.length > 0 && [...mail.subject].length <= 200, why);
  assertEquals(frame(document), frames[mail.text.includes(request.public_url) ? "request" : "thanks"][logo], why);
  for (const { tagName, attrs } of elements(document, true)) {
    assert(
      /^(p|div|br|b|strong|i|em|u|s|del|ins|su[bp]|small|code|pre|ul|ol|li|a|h[1-4]|blockquote|span|img|hr)$/.test(
        tagName,
      ),
      `${tagName} ${why}`,
    );
    const allowed = { a: ["href", "rel"], img: ["alt", "src", "width"] }[tagName] ?? [];
    assertEquals(attrs.map(({ name }) => name).filter((name) => !allowed.includes(name)), [], why);
  }
  for (const { tagName, attrs } of elements(document)) {
    const scheme = tagName === "img"
      ? /^https:\/\//i
      : /^(https:\/\/|mailto:|tel:|http:\/\/127\.0\.0\.1:54321\/refer\/token$)/i;
    for (const { name, value } of attrs.filter(({ name }) => name === "href" || name === "src")) {
      assert(scheme.test(value), `${tagName} ${name}=${value} ${why}`);
    }
  }
}

/** Every element of the mail but those of foreign HTML, with what it wears; addresses and alt texts may vary. */
function frame(document: Node): string[] {
  return elements(document).filter((element) => !inForeign(element.parentNode)).map(
    ({ tagName, attrs, childNodes }) => {
      const worn = attrs.filter(({ name }) => !["href", "src", "alt"].includes(name));
      const sheet = tagName === "style" ? words(childNodes[0]) : "";
      return `${tagName} ${worn.map(({ name, value }) => `${name}=${value}`).join(" ")} ${sheet}`;
    },
  );
}

function elements(node: Node, onlyForeign = false): Element[] {
  const children = "childNodes" in node ? node.childNodes.flatMap((child) => elements(child, onlyForeign)) : [];
  return "tagName" in node && (!onlyForeign || inForeign(node.parentNode)) ? [node, ...children] : children;
}

function inForeign(node: Node | null): boolean {
  if (node === null || !("attrs" in node)) return false;
  return node.attrs.some(({ name, value }) => name === "class" && value === "foreign") || inForeign(node.parentNode);
}

function words(node: Node): string {
  if ("value" in node) return node.value;
  return "childNodes" in node ? node.childNodes.map(words).join("") : "";
}
