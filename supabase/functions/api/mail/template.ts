/** What `{{ … }}` may name in a subject or in foreign HTML, with its values. */
export type TokenValues = Readonly<Record<string, string | null>>;

const token = /\{\{([^{}]*)\}\}/g;

/** The names between the braces of a template. */
export const tokensIn = (template: string) => [...template.matchAll(token)].map(([, inside]) => inside.trim());

/** Puts the values, each through `escape`, where the template names them; an unknown token renders as nothing. */
export function fillTokens(template: string, values: TokenValues, escape: (value: string) => string): string {
  return template.replace(token, (_, inside: string) => {
    const name = inside.trim();
    return escape(Object.hasOwn(values, name) ? values[name] ?? "" : "");
  });
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** For HTML text and quoted attributes. */
export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => entities[character]);
}
