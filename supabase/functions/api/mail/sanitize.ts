// @ts-types="@types/sanitize-html"
import type Sanitizer from "sanitize-html";

const formatting = [
  "b",
  "strong",
  "i",
  "em",
  "u",
  "s",
  "del",
  "ins",
  "sub",
  "sup",
  "small",
  "code",
  "span",
  "a",
  "img",
  "br",
];
const blocks = ["p", "div", "ul", "ol", "li", "h1", "h2", "h3", "h4", "blockquote", "pre", "hr"];

// What editors make lines with, and mails need not tell from a line. Of a table the rows stay apart, since a cell that is not
// in its place would end the mail's own.
const lines = [
  ...[
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "caption",
    "dl",
    "dt",
    "dd",
    "figure",
    "figcaption",
    "address",
    "center",
  ],
  ...[
    "section",
    "article",
    "header",
    "footer",
    "main",
    "aside",
    "nav",
    "details",
    "summary",
    "fieldset",
    "legend",
    "form",
  ],
];
const renamed: Record<string, string> = {
  ...Object.fromEntries(lines.map((name) => [name, "div"])),
  ...{ td: "span", th: "span", h5: "h4", h6: "h4", strike: "s" },
};
/** Between two cells of a row. */
const betweenCells = (html: string) => html.replace(/(<\/t[dh]\s*>\s*)(?=<t[dh][\s>])/gi, "$1\u2003");

/** Completes a text or an attribute's value; `escape` is what HTML asks for where it will stand. */
export type Fill = (text: string, escape: (value: string) => string) => string;

/**
 * Foreign HTML as a mail may carry it: balanced text, lists, https pictures, and links to https, mailto and tel.
 * `own` are further links to keep, whatever their scheme: on an embedded stack the public page is plain http. `fill` sees
 * every text and attribute that stays; an address is judged as it leaves it.
 */
export async function sanitize(html: string, own: string[] = [], fill: Fill = (text) => text): Promise<string> {
  const filled = (attribute: string | undefined) => fill(attribute ?? "", (value) => value).trim();
  const sanitizeHtml: typeof Sanitizer = (await import("sanitize-html")).default;
  return sanitizeHtml(betweenCells(html), {
    allowedTags: [...formatting, ...blocks],
    allowedAttributes: { a: ["href", "rel"], img: ["src", "alt", "width"] },
    allowedSchemes: ["https", "http", "mailto", "tel"],
    nestingLimit: 50,
    transformTags: {
      ...Object.fromEntries(Object.entries(renamed).map(([from, tagName]) => [from, () => ({ tagName, attribs: {} })])),
      a: (tagName, { href }) => ({
        tagName,
        attribs: {
          ...only("href", withScheme(filled(href)), (url) => mailable.test(url) || own.includes(url)),
          rel: "noopener noreferrer",
        },
      }),
      img: (tagName, { src, alt, width, style }) => ({
        tagName,
        attribs: {
          ...only("src", filled(src), (url) => secure.test(url)),
          alt: fill(alt ?? "", (value) => value),
          ...widthOf(width, style),
        },
      }),
    },
    textFilter: (text) => fill(text, escapeText),
    exclusiveFilter: ({ tag, attribs }) => tag === "img" && !attribs.src,
  });
}

/** What people type as an address of the web or of a person, as the link that they mean. */
function withScheme(url: string): string {
  if (/^\/\/[^/]/.test(url)) return `https:${url}`;
  if (/^[^\s@:/?#]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(url)) return `mailto:${url}`;
  return /^([\p{L}\p{N}-]+\.)+\p{L}{2,}(:\d+)?([/?#]|$)/u.test(url) ? `https://${url}` : url;
}

/** The room that a mail's text has: wider pictures would break its frame where `max-width` is unknown. */
const widest = 536;

function widthOf(width: string | undefined, style: string | undefined): Record<string, string> {
  const styled = /(?:^|;)\s*width\s*:\s*([\d.]+(?:px|%))/i.exec(style ?? "")?.[1];
  const [, size, unit] = /^\s*(\d{1,5})(?:\.\d+)?(px|%)?\s*$/i.exec(styled ?? width ?? "") ?? [];
  if (!Number(size)) return {};
  return { width: unit === "%" ? `${Math.min(Number(size), 100)}%` : String(Math.min(Number(size), widest)) };
}

const secure = /^https:\/\//i;
const mailable = /^(https:\/\/|mailto:|tel:)/i;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escapeText = (value: string) => value.replace(/[&<>]/g, (character) => entities[character]);

const only = (name: string, url: string, allowed: (url: string) => boolean): Record<string, string> =>
  allowed(url) ? { [name]: url } : {};
