import { Refusal } from "../local/refusal.ts";
import { scopes } from "../supabase/functions/api/contract/scopes.ts";

// TrustPager's names.
const aliases = new Map([
  ["deals:read", "opportunities:read"],
  ["deals:write", "opportunities:write"],
  ["deals:delete", "opportunities:delete"],
  ["automations:delete", "automations:write"],
  ["automations-trigger:trigger", "automations:trigger"],
  ["webhooks:delete", "webhooks:write"],
  ["crm_audit:read", "audit:read"],
]);
const known: readonly string[] = scopes;

/** Gives each scope once and under its own name, not an alias. Throws a Refusal for an unknown one, and for none at all. */
export function normaliseScopes(given: string[]): string[] {
  const named = given.map((scope) => scope.trim()).filter((scope) => scope !== "")
    .map((scope) => aliases.get(scope) ?? scope);
  const unknown = named.find((scope) => !known.includes(scope));
  if (unknown) throw new Refusal(`There is no scope "${unknown}". Scopes: ${known.join(", ")}.`);
  if (named.length === 0) throw new Refusal(`A key needs at least one scope: ${known.join(", ")}.`);
  return [...new Set(named)];
}
