/** What `{{ … }}` may name in a subject or in foreign HTML, with its values. */
export type TokenValues = Readonly<Record<string, string | null>>;

// Editors of HTML write a brace as an entity, and may put entities and tags between two of them.
const token = /(?:\{|&(?:#123|#x7b|lcub|lbrace);){2}([^{}]*?)(?:\}|&(?:#125|#x7d|rcub|rbrace);){2}/gi;
const spaces = /&(?:nbsp|#160|#xa0|ensp|emsp|thinsp|#8203|#x200b|ZeroWidthSpace);|\u200b|\ufeff/gi;
const signs: Record<string, string> = {
  "&period;": ".",
  "&#46;": ".",
  "&#x2e;": ".",
  "&lowbar;": "_",
  "&#95;": "_",
  "&#x5f;": "_",
};
const nameIn = (inside: string) =>
  inside.replace(/<[^<>]*>/g, "").replace(spaces, " ").replace(
    /&[a-z0-9#]+;/gi,
    (entity) => signs[entity.toLowerCase()] ?? entity,
  )
    .trim();

/** The names between the braces of a template. */
export const tokensIn = (template: string) => [...template.matchAll(token)].map(([, inside]) => nameIn(inside));

/** Has each token of a template give way to what `put` makes of its name. */
export const replaceTokens = (template: string, put: (name: string) => string): string =>
  template.replace(token, (_, inside: string) => put(nameIn(inside)));

/** The value of a token; nothing for an unknown one. */
export const valueOf = (values: TokenValues, name: string): string =>
  Object.hasOwn(values, name) ? values[name] ?? "" : "";

/** Puts the values, each through `escape`, where the template names them; an unknown token renders as nothing. */
export function fillTokens(template: string, values: TokenValues, escape: (value: string) => string): string {
  return replaceTokens(template, (name) => escape(valueOf(values, name)));
}

/**
 * What `size` comes to for a template once it is filled; nothing is built. `sizeOfValue` is that of a value as it will stand
 * there, and is asked once for each name.
 */
export function filledSize(
  template: string,
  values: TokenValues,
  size: (text: string) => number,
  sizeOfValue: (value: string) => number = size,
): number {
  const sizes = new Map<string, number>();
  let total = size(replaceTokens(template, () => ""));
  for (const name of tokensIn(template)) {
    let ofValue = sizes.get(name);
    if (ofValue === undefined) sizes.set(name, ofValue = sizeOfValue(valueOf(values, name)));
    total += ofValue;
  }
  return total;
}

/** How many characters a text has as Postgres counts them. */
export const characters = (text: string): number => [...text].length;

const encoder = new TextEncoder();
export const bytes = (text: string): number => encoder.encode(text).length;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** For HTML text and quoted attributes. */
export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => entities[character]);
}
