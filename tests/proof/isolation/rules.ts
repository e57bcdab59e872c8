import type { Endpoint } from "../../../supabase/functions/api/http/endpoint.ts";
import { type Scope, scopes } from "../../../supabase/functions/api/contract/scopes.ts";
import { type Command, type Routine, tables } from "./catalogue.ts";
import type { Principal } from "./principals.ts";

// The contract's tables of scopes, said once more: what code and catalogue say is measured by this, not by itself.

const resourceOfTable: [RegExp, string | null][] = [
  [/^public\.audit_log$/, "audit"],
  [/^public\.api_keys$/, null],
  [/^public\.automation/, "automations"],
  [/^public\.compan/, "company"],
  [/^public\.crm_contacts$/, "contacts"],
  [/^public\.crm_deal/, "opportunities"],
  [/^public\.crm_pipeline/, "pipelines"],
  [/^public\.referral/, "referrals"],
  [/^public\.webhook_/, "webhooks"],
];

/** The resource that a table belongs to, a view with the tables behind it; null for what no key ever touches. */
export function resourceOf(table: string): string | null {
  const { behind } = tables.find(({ full }) => full === table)!;
  if (behind.length > 0) return only(table, [...new Set(behind.map(resourceOf))]);
  const rule = resourceOfTable.find(([name]) => name.test(table));
  if (!rule) throw new Error(`tests/proof/isolation/rules.ts does not say whose scope ${table} is under.`);
  return rule[1];
}

function only(view: string, resources: (string | null)[]): string | null {
  if (resources.length > 1) throw new Error(`${view} shows rows of ${resources}: which scope is it under?`);
  return resources[0];
}

/** The scope that a command on a table takes; null where no scope is enough. */
export function scopeFor(table: string, command: Command): Scope | null {
  const resource = resourceOf(table);
  return resource === null || resource === "audit" && command !== "select"
    ? null
    : known(`${resource}:${accessFor(resource, command)}`);
}

function accessFor(resource: string, command: Command): string {
  if (command === "select") return "read";
  return command === "delete" && resource === "referrals" ? "delete" : "write";
}

const resourceOfPath: Record<string, string | null> = {
  "audit-log": "audit",
  automations: "automations",
  company: "company",
  "crm-settings": "company",
  contacts: "contacts",
  me: null,
  deals: "opportunities",
  opportunities: "opportunities",
  pipelines: "pipelines",
  referrals: "referrals",
  schemas: null,
  webhooks: "webhooks",
};

/** The scope that the contract asks of an endpoint; null: any living key will do. */
export function scopeOf({ contract: { method, path } }: Endpoint): Scope | null {
  const [, first, second, third] = path.split("/");
  if (!(first in resourceOfPath)) throw new Error(`tests/proof/isolation/rules.ts does not know /${first}.`);
  const resource = resourceOfPath[first];
  if (resource === null || second === "action-types") return null;
  if (path === "/contacts/:id/deals") return "opportunities:read";
  if (second === "search") return known(`${resource}:read`);
  if (third === "trigger" || path.endsWith("/execute")) return known(`${resource}:trigger`);
  if (method === "get") return known(`${resource}:read`);
  const deletes = method === "delete" && /^\/(referrals|contacts|opportunities|deals)\/:id$/.test(path);
  return known(`${resource}:${deletes ? "delete" : "write"}`);
}

function known(scope: string): Scope {
  if (!scopes.includes(scope as Scope)) throw new Error(`There is no scope ${scope}.`);
  return scope as Scope;
}

// The functions of the database that keys may call, under the scope of what they do; null: any living key will do.
const scopeOfFunction: Record<string, Scope | null> = {
  ask_for_referral: "referrals:write",
  attribute_opportunity: "referrals:write",
  automation_run: "automations:trigger",
  calling_country: "contacts:write",
  calling_key_card: null,
  contact_with_email: "contacts:write",
  convert_referral: "referrals:write",
  create_automation: "automations:write",
  create_pipeline: "pipelines:write",
  create_webhook_subscription: "webhooks:write",
  give_back_credits: null,
  has_contact: "opportunities:read",
  move_opportunity: "opportunities:write",
  record_request_mail: "referrals:write",
  record_thank_you: "referrals:write",
  referral_history: "referrals:read",
  remove_contact: "contacts:delete",
  remove_opportunity: "opportunities:delete",
  referral_in_the_way: "referrals:read",
  referral_leaderboard: "referrals:read",
  renew_referral_request: "referrals:write",
  replay_webhook_delivery: "webhooks:write",
  // the one it is asked for
  require_scope: "referrals:read",
  reorder_actions: "automations:write",
  rotate_webhook_secret: "webhooks:write",
  start_action_run: "automations:trigger",
  start_automation_run: "automations:trigger",
  take_requests: null,
  test_webhook: "webhooks:write",
  thank_you_outcome: "referrals:write",
  unsubscribe_contact: "contacts:write",
  webhook_in_the_way: "webhooks:write",
  withdraw_referral_request: "referrals:write",
};

/** The scope that a function of the database takes. */
export function scopeOfRoutine({ name }: Routine): Scope | null {
  if (!(name in scopeOfFunction)) {
    throw new Error(`tests/proof/isolation/rules.ts does not say which scope ${name} takes.`);
  }
  return scopeOfFunction[name];
}

/** What the removal of a row may be answered beside its success: a stage goes only while nothing uses it. */
export const inUse = (table: string) => /^public\.crm_pipeline/.test(table) ? ["409 CONFLICT"] : [];

/** The ladder: `admin` is everything, writing and deleting include reading. */
export function opens(held: readonly Scope[], wanted: Scope | null): boolean {
  if (wanted === null || held.includes("admin") || held.includes(wanted)) return true;
  const [resource, access] = wanted.split(":");
  return access === "read" && held.some((scope) => [`${resource}:write`, `${resource}:delete`].includes(scope));
}

/** The scopes that a row of alice's takes beside, when it is saved anew: for what it does later. */
export const takenBeside: Record<string, Scope[]> = {
  "public.automations": ["opportunities:read"],
  "public.automation_actions": ["referrals:write"],
  // What is made by it is on stage_changed, and has no actions.
  "public.create_automation": ["opportunities:read"],
  "public.create_webhook_subscription": ["referrals:read"],
};

/** The scopes that a computed field shows its row's value to, beside the one that reads the row. */
export const shownBeside: Record<string, Scope[]> = {
  "public.action_results(automation_runs)": [],
  "public.trigger_data(automation_runs)": ["referrals:read", "opportunities:read"],
};

/** The most that a key may hold and still lack `wanted`. */
export const allBut = (wanted: Scope) => scopes.filter((scope) => !opens([scope], wanted));

/** What `/rest/v1` may answer: `open` with the scope, `shut` without; a command that is not granted is refused to every key. */
export function answersAt(
  { standing, scopes }: Principal,
  wanted: Scope | null,
  isGranted: boolean,
  open: string[],
  shut: string[],
): string[] {
  if (standing === "refused" || standing === "stranger") return ["401"];
  // The embedded data API says 401 to the role of strangers, however it was come by.
  if (standing === "outsider") return ["401 42501", "403 42501"];
  if (!isGranted || wanted === null) return ["403 42501"];
  if (standing === "dead") return ["401 UNAUTHORIZED"];
  return opens(scopes, wanted) ? open : shut;
}

// What a change of one resource changes in others: the opportunity's cached referrer, and what an event sets off.
const effects: Record<string, string[]> = {
  automations: ["opportunities", "referrals", "webhooks"],
  contacts: ["automations", "opportunities", "referrals", "webhooks"],
  opportunities: ["automations", "referrals", "webhooks"],
  referrals: ["automations", "opportunities", "webhooks"],
};

/** Whether a key of those scopes may change anything in the table, by any path. */
export function mayChange(held: readonly Scope[], table: string): boolean {
  if (held.includes("admin")) return true;
  const written = held.filter((scope) => !scope.endsWith(":read")).map((scope) => scope.split(":")[0]);
  if (table.startsWith("private.")) return written.length > 0;
  return written.some((one) => [one, ...effects[one] ?? []].includes(resourceOf(table)!));
}
