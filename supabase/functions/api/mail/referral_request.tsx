import type { Brand } from "./brand.ts";
import { requireUnclipped } from "./clipping.ts";
import { headerText } from "./header_text.ts";
import { Button, Foreign, Layout, type MailContent, page, plainText, Unsubscribe } from "./layout.tsx";
import { longDate } from "./long_date.ts";
import { htmlToText } from "./plain_text.ts";
import { foreignHtml } from "./foreign_html.ts";
import { subjectLine } from "./subject_line.ts";
import type { TokenValues } from "./template.ts";

export type ReferralRequest = {
  brand: Brand;
  contact: { first_name: string; last_name: string | null; email: string };
  opportunity: { name: string } | null;
  public_url: string;
  unsubscribe_url: string;
  expires_at: string;
  timezone: string;
  subject_override: string | null;
  intro_html: string | null;
  how_it_works_html: string | null;
};

const defaultSubject = "Know someone {{company.name}} could help?";

const defaultIntro = `
<p>Thank you for being with {{company.name}}. Most people find us because someone they trust mentioned us.</p>
<p>Is there a friend, relative or colleague we could help too? Tell us who, and we will take good care of them.</p>`;

const defaultSteps = `
<ol>
<li><b>Ask your friend</b> whether they would like to hear from us.</li>
<li><b>Tell us their name</b> and how to reach them. It takes a minute.</li>
<li><b>We get in touch</b> with them, and say that you sent us.</li>
</ol>`;

/** Asks a contact for a referral. Throws 400 where the workspace's own words come to too much. */
export async function referralRequestMail(input: ReferralRequest): Promise<MailContent> {
  const { contact, opportunity, public_url, unsubscribe_url } = input;
  const brand = { ...input.brand, name: headerText(input.brand.name) };
  const firstName = headerText(contact.first_name);
  const values = {
    "contact.first_name": firstName,
    "contact.last_name": contact.last_name,
    "contact.email": contact.email,
    "company.name": brand.name,
    "opportunity.name": opportunity?.name ?? null,
    public_url,
  } satisfies TokenValues;
  const subject = subjectLine(input.subject_override ?? "", values) || subjectLine(defaultSubject, values);
  const intro = await foreign(input.intro_html, values) ?? await foreign(defaultIntro, values) ?? "";
  const steps = await foreign(input.how_it_works_html, values) ?? await foreign(defaultSteps, values) ?? "";
  const greeting = firstName ? `Hi ${firstName},` : "Hello,";
  const until = `This link is yours alone and works until ${longDate(input.expires_at, input.timezone)}.`;

  const html = requireUnclipped(page(
    <Layout
      brand={brand}
      title={subject}
      preheader={`Your personal link to refer a friend to ${brand.name}.`}
      footer={<Unsubscribe href={unsubscribe_url}>Rather not be asked?</Unsubscribe>}
    >
      <p style="margin:0 0 16px">{greeting}</p>
      <Foreign sanitised={intro} />
      <div class="panel" style="margin:8px 0 24px;padding:20px 20px 8px;background:#f3f5f8;border-radius:8px">
        <h2 style="margin:0 0 12px;font-size:16px;line-height:24px">How it works</h2>
        <Foreign sanitised={steps} />
      </div>
      <Button brand={brand} href={public_url}>Refer a friend</Button>
      <p class="soft" style="margin:0;font-size:13px;line-height:20px;color:#556070">
        {until} If the button does not work, open{" "}
        <a href={public_url} style="color:inherit;word-break:break-all">{public_url}</a>
      </p>
    </Layout>,
  ));
  const text = plainText(
    brand,
    [greeting, htmlToText(intro), `HOW IT WORKS\n\n${htmlToText(steps)}`, `Refer a friend:\n${public_url}`, until],
    ["Rather not be asked? Unsubscribe:", unsubscribe_url],
  );
  return { subject, html, text };
}

/** Null where nothing that can be seen is left. */
async function foreign(html: string | null, values: TokenValues & { public_url: string }): Promise<string | null> {
  const clean = await foreignHtml(html ?? "", values, [values.public_url]);
  return htmlToText(clean) || clean.includes("<img ") ? clean : null;
}
