import type { Child } from "hono/jsx";
import { raw } from "hono/html";
import { type Brand, brandColor, contrast, mailLogo, outline } from "./brand.ts";
import { headerText } from "./header_text.ts";
import { wrap } from "./plain_text.ts";

/** A mail as it is sent: one line of subject, the page, and the same as text. */
export type MailContent = { subject: string; html: string; text: string };

const style = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
a { color: inherit; }
.foreign p, .foreign pre, .foreign ul, .foreign ol, .foreign blockquote { margin: 0 0 16px; }
.foreign pre { font: inherit; white-space: pre-wrap; }
.foreign ul, .foreign ol { padding-left: 24px; }
.foreign li { margin: 0 0 8px; }
.foreign li p { margin: 0; }
.foreign h1, .foreign h2, .foreign h3, .foreign h4 { margin: 0 0 12px; font-size: 18px; line-height: 26px; }
.foreign blockquote { padding-left: 16px; border-left: 3px solid #8a94a3; }
.foreign img { max-width: 100%; height: auto; }
@media (max-width: 480px) { .pad { padding: 28px 20px !important; } .band { padding: 18px 20px !important; } }
@media (prefers-color-scheme: dark) {
  .page { background: #0d1117 !important; }
  .card { background: #1a212b !important; }
  .ink { color: #e6eaf0 !important; }
  .soft { color: #a3aebd !important; }
  .panel { background: #232c38 !important; }
}`;

const sans = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const long = "overflow-wrap:anywhere;word-break:break-word";
const body = `${sans};font-size:16px;line-height:25px;color:#1b2430;${long}`;
const small = `${sans};font-size:13px;line-height:20px;color:#556070;${long}`;

// What mail clients show after the preheader would be the next words of the mail: these take that place, unseen.
const filler = raw("&#847;&zwnj;&nbsp;".repeat(90));

type Props = { brand: Brand; title: string; preheader: string; footer?: Child; children?: Child };

/** The frame of a branded mail; tables, because mail clients render nothing else alike. */
export function Layout({ brand, title, preheader, footer, children }: Props) {
  const color = brandColor(brand);
  const logo = mailLogo(brand);
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no" />
        <title>{title}</title>
        <style>{raw(style)}</style>
      </head>
      <body class="page" style="margin:0;padding:0;background:#f3f5f8">
        <div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0">{preheader}{filler}</div>
        <table
          class="page"
          role="presentation"
          width="100%"
          cellpadding="0"
          cellspacing="0"
          border={0}
          style="background:#f3f5f8"
        >
          <tr>
            <td align="center" style="padding:24px 12px">
              <table
                class="card"
                role="presentation"
                width="600"
                cellpadding="0"
                cellspacing="0"
                border={0}
                style="width:100%;max-width:600px;table-layout:fixed;background:#ffffff;border-radius:12px;overflow:hidden"
              >
                <tr>
                  <td class="band" bgcolor={color} style={`background:${color};padding:22px 32px`}>
                    {logo ? <Logo src={logo} name={brand.name} /> : (
                      <div
                        style={`${sans};font-size:20px;line-height:28px;font-weight:700;color:${
                          contrast(color)
                        };${long}`}
                      >
                        {brand.name}
                      </div>
                    )}
                  </td>
                </tr>
                <tr>
                  <td class="pad ink" align="left" style={`padding:32px;${body}`}>{children}</td>
                </tr>
              </table>
              <table
                role="presentation"
                width="600"
                cellpadding="0"
                cellspacing="0"
                border={0}
                style="width:100%;max-width:600px;table-layout:fixed"
              >
                <tr>
                  <td class="soft" align="center" style={`padding:20px 20px 8px;${small}`}>
                    <div>
                      Sent by {brand.name}
                      {brand.contact_email && <Contact email={brand.contact_email} />}
                    </div>
                    {footer}
                  </td>
                </tr>
              </table>
            </td>
          </tr>
        </table>
      </body>
    </html>
  );
}

/** On white whatever the brand's colour: logos are drawn for it, and its alt text stays legible where images are off. */
function Logo({ src, name }: { src: string; name: string }) {
  return (
    <img
      src={src}
      alt={name}
      height="40"
      style={`display:block;height:40px;width:auto;max-width:240px;padding:6px 10px;background:#ffffff;border-radius:8px;${sans};font-size:18px;line-height:20px;font-weight:700;color:#1b2430`}
    />
  );
}

function Contact({ email }: { email: string }) {
  const address = headerText(email, 320);
  return (
    <>
      {" · "}
      <a href={`mailto:${encodeURIComponent(address).replaceAll("%40", "@")}`} style="color:inherit">{address}</a>
    </>
  );
}

/** The call to action, in the brand's colour. */
export function Button({ brand, href, children }: { brand: Brand; href: string; children?: Child }) {
  const color = brandColor(brand);
  const ink = contrast(color);
  return (
    <table role="presentation" cellpadding="0" cellspacing="0" border={0} style="margin:8px 0 20px">
      <tr>
        <td align="center" bgcolor={color} style={`background:${color};border-radius:8px`}>
          <a
            href={href}
            style={`display:inline-block;padding:14px 28px;border:1px solid ${
              outline(color)
            };border-radius:8px;${sans};font-size:16px;line-height:20px;font-weight:700;text-decoration:none;color:${ink}`}
          >
            {children}
          </a>
        </td>
      </tr>
    </table>
  );
}

/** The way out at the end of a mail, after a question. */
export function Unsubscribe({ href, children }: { href: string; children?: Child }) {
  return (
    <div style="padding-top:4px">
      {children} <a href={href} style="color:inherit">Unsubscribe</a>
    </div>
  );
}

/** Sanitised HTML in its own box; `sanitised` is trusted to be that. */
export function Foreign({ sanitised }: { sanitised: string }) {
  return <div class="foreign" dir="auto">{raw(sanitised)}</div>;
}

/** The page of a mail as a string. */
export function page(node: Child): string {
  return `<!doctype html>${node}`;
}

/** The text of a mail: its paragraphs, and the footer under the sign that mail clients fold signatures at. */
export function plainText(brand: Brand, paragraphs: string[], footer: string[] = []): string {
  const contact = brand.contact_email ? [headerText(brand.contact_email, 320)] : [];
  const signature = ["-- ", `Sent by ${brand.name}`, ...contact, ...footer].join("\n");
  return [...paragraphs.map((paragraph) => wrap(paragraph)), signature].join("\n\n") + "\n";
}
