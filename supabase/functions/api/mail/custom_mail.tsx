import type { Brand } from "./brand.ts";
import { headerText } from "./header_text.ts";
import { Foreign, Layout, type MailContent, page, plainText } from "./layout.tsx";
import { htmlToText } from "./plain_text.ts";
import { sanitize } from "./sanitize.ts";
import { escapeHtml, fillTokens, type TokenValues } from "./template.ts";

type CustomMail = { brand: Brand; subject: string; body_html: string; tokens: TokenValues };

/** A mail in the workspace's own words: filled first, then sanitised. */
export async function customMail({ brand: given, subject, body_html, tokens }: CustomMail): Promise<MailContent> {
  const brand = { ...given, name: headerText(given.name) };
  const title = headerText(fillTokens(subject, tokens, (value) => value)) || brand.name;
  const body = await sanitize(fillTokens(body_html, tokens, escapeHtml));
  const html = page(
    <Layout brand={brand} title={title} preheader={headerText(htmlToText(body), 120)}>
      <Foreign sanitised={body} />
    </Layout>,
  );
  return { subject: title, html, text: plainText(brand, [htmlToText(body)]) };
}
