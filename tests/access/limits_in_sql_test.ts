import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { NewAction } from "../../supabase/functions/api/actions/schema.ts";
import { NewAutomation } from "../../supabase/functions/api/automations/schema.ts";
import { CompanyChange, CrmSettingsChange } from "../../supabase/functions/api/company/schema.ts";
import { NewContact } from "../../supabase/functions/api/contacts/schema.ts";
import { longest } from "../../supabase/functions/api/contract/limits.ts";
import { NewOpportunity } from "../../supabase/functions/api/opportunities/schema.ts";
import { NewPipeline } from "../../supabase/functions/api/pipelines/schema.ts";
import { NewReferralRequest } from "../../supabase/functions/api/referral_requests/schema.ts";
import { NewReferral } from "../../supabase/functions/api/referrals/schema.ts";
import { NewWebhookSubscription } from "../../supabase/functions/api/webhooks/schema.ts";
import { checksOn, columnsChecked } from "../world/sql_checks.ts";

const stage = NewPipeline.shape.stages.unwrap().element.shape;

const text = (length: number) => "x".repeat(length);
const url = (length: number) => "https://example.com/".padEnd(length, "a");

const texts: [column: string, schema: z.ZodType, of: (length: number) => string][] = [
  ["companies.name", CompanyChange.shape.name, text],
  ["companies.logo_url", CompanyChange.shape.logo_url, url],
  ["companies.slug", CompanyChange.shape.slug, text],
  ["companies.description", CompanyChange.shape.description, text],
  ["companies.contact_name", CompanyChange.shape.contact_name, text],
  ["companies.phone", CompanyChange.shape.phone, text],
  ["companies.secondary_color", CompanyChange.shape.secondary_color, text],
  ["companies.address", CompanyChange.shape.address, text],
  ["companies.industry", CompanyChange.shape.industry, text],
  ["companies.website_url", CompanyChange.shape.website_url, text],
  ["companies.abn", CompanyChange.shape.abn, text],
  ["crm_contacts.first_name", NewContact.shape.first_name, text],
  ["crm_contacts.last_name", NewContact.shape.last_name, text],
  ["crm_contacts.job_title", NewContact.shape.job_title, text],
  ["crm_contacts.source", NewContact.shape.source, text],
  ["crm_pipelines.name", NewPipeline.shape.name, text],
  ["crm_pipeline_stages.name", stage.name, text],
  ["crm_deals.name", NewOpportunity.shape.name, text],
  ["crm_deals.lead_source", NewOpportunity.shape.lead_source, text],
  ["crm_deals.notes", NewOpportunity.shape.notes, text],
  ["referrals.category", NewReferral.shape.category, text],
  ["referrals.notes", NewReferral.shape.notes, text],
  ["referral_requests.subject_override", NewReferralRequest.shape.subject_override, text],
  ["referral_requests.intro_html", NewReferralRequest.shape.intro_html, text],
  ["referral_requests.how_it_works_html", NewReferralRequest.shape.how_it_works_html, text],
  ["automations.name", NewAutomation.shape.name, text],
  ["automations.description", NewAutomation.shape.description, text],
  ["webhook_subscriptions.url", NewWebhookSubscription.shape.url, url],
];

for (const [column, schema, of] of texts) {
  Deno.test(`${column} takes as much text as its schema, and not one character more`, async () => {
    const max = bound(schema, "maxLength");
    assertEquals(await verdicts(column, schema, [of(max), of(max + 1)]), [[true, true], [false, false]], `${max}`);
  });
}

// The names of keys and of senders are the operator's; a recipient's is two names of a contact, put together by the database.
const withoutSchema = ["api_keys.name", "companies.mail_name", "referral_requests.recipient_name"];

Deno.test("every text whose length a column limits in SQL is compared here", async () => {
  const compared = texts.map(([column]) => column).filter((column) => column !== "webhook_subscriptions.url");
  assertEquals(await columnsChecked("char_length("), [...compared, ...withoutSchema].sort());
});

const numbers: [column: string, schema: z.ZodType][] = [
  ["automations.priority", NewAutomation.shape.priority],
  ["automation_actions.sequence", NewAction.shape.sequence],
  ["referral_requests.expires_in_days", NewReferralRequest.shape.expires_in_days],
  ["crm_pipeline_stages.position", stage.position],
  ["crm_deals.value", NewOpportunity.shape.value],
];

for (const [column, schema] of numbers) {
  Deno.test(`${column} begins and ends where its schema does`, async () => {
    const [min, max] = [bound(schema, "minimum"), bound(schema, "maximum")];
    assertEquals(
      await verdicts(column, schema, [min - 1, min, max, max + 1]),
      [[false, false], [true, true], [true, true], [false, false]],
      `${min} to ${max}`,
    );
  });
}

const labels = (count: number) => Array.from({ length: count }, (_, at) => `Category ${at}`);

const values: [column: string, schema: z.ZodType, fine: unknown[], wrong: unknown[]][] = [
  ["company_settings.referral_categories", CrmSettingsChange.shape.referral_categories, [
    [],
    labels(200),
    [text(longest.category)],
  ], [labels(201), [text(longest.category + 1)], [""], ["MRI", "MRI"]]],
  ["companies.primary_color", CompanyChange.shape.primary_color, ["#0f766e", "#0F766E"], ["0f766e", "#0f766", "teal"]],
  ["companies.country", CompanyChange.shape.country, ["AU"], ["au", "A", "AUS"]],
  ["companies.timezone", CompanyChange.shape.timezone, ["UTC", "Australia/Sydney"], ["Australia/Melborne", ""]],
  ["crm_deals.currency", NewOpportunity.shape.currency, ["AUD"], ["aud", "AU", "AUDI"]],
];

for (const [column, schema, fine, wrong] of values) {
  Deno.test(`${column} takes what its schema takes, and refuses what that refuses`, async () => {
    assertEquals(await verdicts(column, schema, fine), fine.map(() => [true, true]));
    assertEquals(await verdicts(column, schema, wrong), wrong.map(() => [false, false]));
  });
}

/** Of each value, whether the schema takes it, and whether the database takes what the schema makes of it. */
async function verdicts(column: string, schema: z.ZodType, values: unknown[]): Promise<[boolean, boolean][]> {
  const { takes } = await checksOn(column);
  return await Promise.all(values.map(async (value): Promise<[boolean, boolean]> => {
    const { success, data = value } = schema.safeParse(value);
    return [success, await takes(data)];
  }));
}

function bound(schema: z.ZodType, name: "maxLength" | "minimum" | "maximum"): number {
  const said = new RegExp(`"${name}":(-?[0-9.]+)`).exec(JSON.stringify(z.toJSONSchema(schema, { io: "input" })));
  assert(said, `The schema has no ${name}.`);
  return Number(said[1]);
}
