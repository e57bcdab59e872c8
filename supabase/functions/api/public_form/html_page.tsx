import type { Child } from "hono/jsx";
import { html, raw } from "hono/html";
import { type Brand, brandColor, brandLogo, contrast } from "../mail/brand.ts";
import { sourceHash } from "../http/source_hash.ts";
import { brandStyle, style } from "./style.ts";
import type { Form } from "./submission.ts";

export type Company = Form["company"];
export type HtmlPage = { title: string; company: Company | null; script?: string; children: Child };

const nobody: Brand = { name: "", logo_url: null, primary_color: null, contact_email: null };
const styleHash = await sourceHash(style);

/** A public page in the workspace's colours, and the Content-Security-Policy that lets nothing else onto it. */
export async function htmlPage(
  { title, company, script, children }: HtmlPage,
): Promise<{ html: string; policy: string }> {
  const brand = { ...nobody, ...company };
  const { color, colors } = colorsOf(brand);
  const logo = brandLogo(brand);
  const document = (
    <Frame title={title} name={brand.name} logo={logo} color={color} styles={[style, colors]} script={script}>
      {children}
    </Frame>
  );
  const policy = [
    "default-src 'none'",
    `style-src ${styleHash} ${await sourceHash(colors)}`,
    ...(script ? [`script-src ${await sourceHash(script)}`, "connect-src 'self'"] : []),
    ...(logo ? [`img-src ${new URL(logo).origin}`] : []),
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html: String(html`<!doctype html>${document}`), policy };
}

function colorsOf(brand: Brand): { color: string; colors: string } {
  const color = brandColor(brand);
  return { color, colors: brandStyle(color, contrast(color)) };
}

/** The colours of a page that knows no workspace yet. */
export const defaultColors = colorsOf(nobody);

type FrameProps = {
  title: string;
  name: string;
  logo: string | null;
  color: string;
  styles: string[];
  script?: string;
  /** More of the head, for a page without headers of its own. */
  head?: Child;
  children: Child;
};

/** The document around every public page. */
export function Frame({ title, name, logo, color, styles, script, head, children }: FrameProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="referrer" content="no-referrer" />
        <meta name="color-scheme" content="light dark" />
        <meta name="format-detection" content="telephone=no" />
        <meta name="theme-color" content={color} />
        {head}
        <title>{title}</title>
        {styles.map((text) => <style>{raw(text)}</style>)}
      </head>
      <body>
        <header class="band">
          {logo
            ? <img class="logo" src={logo} alt={name} referrerpolicy="no-referrer" decoding="async" />
            : <span id="name" dir="auto">{name}</span>}
        </header>
        <main class="card">{children}</main>
        {script && <script>{raw(script)}</script>}
      </body>
    </html>
  );
}
