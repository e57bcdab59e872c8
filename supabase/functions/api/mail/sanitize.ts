// @ts-types="@types/sanitize-html"
import type Sanitizer from "sanitize-html";

const formatting = ["b", "strong", "i", "em", "u", "span", "a", "img", "br"];
const blocks = ["p", "ul", "ol", "li", "h1", "h2", "h3", "h4", "blockquote", "hr"];

/**
 * Foreign HTML as a mail may carry it: balanced text, lists, https pictures, and links to https, mailto and tel.
 * `own` are further links to keep, whatever their scheme: on an embedded stack the public page is plain http.
 */
export async function sanitize(html: string, own: string[] = []): Promise<string> {
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
          ...only("href", href, (url) => mailable.test(url) || own.includes(url)),
          rel: "noopener noreferrer",
        },
      }),
      img: (tagName, { src, alt }) => ({
        tagName,
        attribs: { ...only("src", src, (url) => secure.test(url)), alt: alt ?? "" },
      }),
    },
    exclusiveFilter: ({ tag, attribs }) => tag === "img" && !attribs.src,
  });
}

const secure = /^https:\/\//i;
const mailable = /^(https:\/\/|mailto:|tel:)/i;

function only(name: string, given: string | undefined, allowed: (url: string) => boolean): Record<string, string> {
  const url = given?.trim() ?? "";
  return allowed(url) ? { [name]: url } : {};
}
