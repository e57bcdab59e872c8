/** Every scope an API key may hold (docs/guide.md, "Scopes"); the check on `api_keys.scopes` lists the same. */
export const scopes = [
  "referrals:read",
  "referrals:write",
  "referrals:delete",
  "contacts:read",
  "contacts:write",
  "contacts:delete",
  "opportunities:read",
  "opportunities:write",
  "opportunities:delete",
  "pipelines:read",
  "pipelines:write",
  "company:read",
  "company:write",
  "automations:read",
  "automations:write",
  "automations:trigger",
  "webhooks:read",
  "webhooks:write",
  "audit:read",
  "admin",
] as const;

export type Scope = typeof scopes[number];

/** Whether `held` satisfy `wanted`: `admin` implies all, `X:write` and `X:delete` include `X:read`; `private.scopes_that_allow` says the same. */
export function scopesAllow(held: readonly string[], wanted: Scope): boolean {
  if (held.includes(wanted) || held.includes("admin")) return true;
  const [resource, access] = wanted.split(":");
  return access === "read" && (held.includes(`${resource}:write`) || held.includes(`${resource}:delete`));
}
