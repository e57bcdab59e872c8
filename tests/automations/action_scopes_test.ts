import { assertEquals } from "@std/assert";
import { type ActionType, actionTypes } from "../../supabase/functions/api/actions/registry.ts";

const mail = { to: "contact", subject: "Hello", body_html: "<p>Hello {{contact.first_name}}</p>" };
const needed: [type: ActionType, config: Record<string, string>, scopes: string[]][] = [
  ["attribute_referral", {}, ["referrals:write"]],
  ["call_webhook", { url: "https://hooks.example.com/referrals" }, ["webhooks:write"]],
  ["send_email", mail, ["contacts:read"]],
  ["send_email", { ...mail, subject: "About {{ deal.name }}" }, ["contacts:read", "opportunities:read"]],
  ["send_email", { ...mail, body_html: "{{opportunity.value}}" }, ["contacts:read", "opportunities:read"]],
];

Deno.test("an action says what its maker must be allowed: a mail that names the opportunity needs to read those too", () => {
  for (const [type, config, scopes] of needed) assertEquals([type, actionTypes[type].scopes(config)], [type, scopes]);
});
