import type { Database } from "./database.types.ts";

type Tables = Database["public"]["Tables"];
type Reference = Tables[keyof Tables]["Relationships"][number];

/** The foreign keys that a caller's field can violate, with that field; every row's `company_id` is the database's to set. */
type Fields = {
  [Key in Reference as Key["columns"] extends ["company_id"] ? never : Key["foreignKeyName"]]: Key["columns"][0];
};

// Typed by the generated Relationships: neither a new foreign key nor a renamed column compiles until it stands here.
export const references: Fields = {
  automation_actions_automation_fkey: "automation_id",
  automation_runs_automation_fkey: "automation_id",
  automations_stage_fkey: "stage_id",
  company_settings_referral_pipeline_fkey: "referral_pipeline_id",
  company_settings_referral_stage_fkey: "referral_stage_id",
  crm_deal_placements_deal_fkey: "deal_id",
  crm_deal_placements_pipeline_fkey: "pipeline_id",
  crm_deal_placements_stage_fkey: "stage_id",
  crm_deals_contact_fkey: "contact_id",
  crm_deals_primary_referrer_fkey: "primary_referrer_contact_id",
  crm_pipeline_stages_pipeline_fkey: "pipeline_id",
  referral_requests_contact_fkey: "contact_id",
  referral_requests_created_by_fkey: "created_by",
  referral_requests_deal_fkey: "deal_id",
  referral_requests_referral_fkey: "referral_id",
  referrals_created_by_fkey: "created_by",
  referrals_referred_contact_fkey: "referred_contact_id",
  referrals_referred_deal_fkey: "referred_deal_id",
  referrals_referrer_contact_fkey: "referrer_contact_id",
  webhook_deliveries_subscription_fkey: "subscription_id",
};

/** The field that a foreign key of this name stands for. */
export const fieldOfReference: ReadonlyMap<string, string> = new Map(Object.entries(references));
