/** What `{{ … }}` may name in a subject or in foreign HTML, with its values. */
export type TokenValues = {
  "contact.first_name": string | null;
  "contact.last_name": string | null;
  "contact.email": string | null;
  "company.name": string | null;
  "opportunity.name": string | null;
  public_url: string;
};

/** Puts the values, each through `escape`, where the template names them; an unknown token renders as nothing. */
export function fillTokens(template: string, values: TokenValues, escape: (value: string) => string): string {
  return template.replace(/\{\{([^{}]*)\}\}/g, (_, inside: string) => {
    const name = inside.trim();
    return escape(Object.hasOwn(values, name) ? values[name as keyof TokenValues] ?? "" : "");
  });
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** For HTML text and quoted attributes. */
export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => entities[character]);
}
