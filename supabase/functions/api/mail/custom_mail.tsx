import type { Brand } from "./brand.ts";
import { requireUnclipped } from "./clipping.ts";
import { headerText } from "./header_text.ts";
import { Foreign, Layout, type MailContent, page, plainText, Unsubscribe } from "./layout.tsx";
import { htmlToText } from "./plain_text.ts";
import { foreignHtml } from "./foreign_html.ts";
import { subjectLine } from "./subject_line.ts";
import type { TokenValues } from "./template.ts";

type CustomMail = {
  brand: Brand;
  subject: string;
  body_html: string;
  tokens: TokenValues;
  /** Null for who is no contact. */
  unsubscribe_url: string | null;
};

/** A mail in the workspace's own words. Throws 400 where they come to too much. */
export async function customMail(
  { brand: given, subject, body_html, tokens, unsubscribe_url }: CustomMail,
): Promise<MailContent> {
  const brand = { ...given, name: headerText(given.name) };
  const title = subjectLine(subject, tokens) || brand.name;
  const body = await foreignHtml(body_html, tokens);
  const html = requireUnclipped(page(
    <Layout
      brand={brand}
      title={title}
      preheader={headerText(htmlToText(body), 120)}
      footer={unsubscribe_url && <Unsubscribe href={unsubscribe_url}>Rather not get these emails?</Unsubscribe>}
    >
      <Foreign sanitised={body} />
    </Layout>,
  ));
  return {
    subject: title,
    html,
    text: plainText(
      brand,
      [htmlToText(body)],
      unsubscribe_url ? ["Rather not get these emails? Unsubscribe:", unsubscribe_url] : [],
    ),
  };
}
