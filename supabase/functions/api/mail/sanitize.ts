// @ts-types="@types/sanitize-html"
import type Sanitizer from "sanitize-html";

const formatting = ["b", "strong", "i", "em", "u", "span", "a", "img", "br"];
const blocks = ["p", "ul", "ol", "li", "h1", "h2", "h3", "h4", "blockquote", "hr"];

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
  return sanitizeHtml(html, {
    allowedTags: [...formatting, ...blocks],
    allowedAttributes: { a: ["href", "rel"], img: ["src", "alt"] },
    allowedSchemes: ["https", "http", "mailto", "tel"],
    nestingLimit: 50,
    transformTags: {
      a: (tagName, { href }) => ({
        tagName,
        attribs: {
          ...only("href", filled(href), (url) => mailable.test(url) || own.includes(url)),
          rel: "noopener noreferrer",
        },
      }),
      img: (tagName, { src, alt }) => ({
        tagName,
        attribs: {
          ...only("src", filled(src), (url) => secure.test(url)),
          alt: fill(alt ?? "", (value) => value),
        },
      }),
    },
    textFilter: (text) => fill(text, escapeText),
    exclusiveFilter: ({ tag, attribs }) => tag === "img" && !attribs.src,
  });
}

const secure = /^https:\/\//i;
const mailable = /^(https:\/\/|mailto:|tel:)/i;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escapeText = (value: string) => value.replace(/[&<>]/g, (character) => entities[character]);

const only = (name: string, url: string, allowed: (url: string) => boolean): Record<string, string> =>
  allowed(url) ? { [name]: url } : {};
