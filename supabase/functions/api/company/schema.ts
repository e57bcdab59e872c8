import { z } from "zod";
import { Category, Email, Id, isStorable, Line } from "../contract/values.ts";

export const Company = z.object({
  id: Id,
  name: z.string(),
  logo_url: z.string().nullable(),
  primary_color: z.string().nullable().meta({ example: "#0f766e" }),
  contact_email: z.string().nullable(),
  country: z.string().nullable().meta({ description: "ISO 3166-1, for phone numbers without a prefix", example: "AU" }),
  timezone: z.string().meta({ description: "IANA", example: "Australia/Sydney" }),
}).meta({
  id: "Company",
  example: {
    id: "00000000-0000-4000-8000-000000000001",
    name: "Harbour Health Clinic",
    logo_url: "https://example.com/harbour/logo.png",
    primary_color: "#0f766e",
    contact_email: "hello@harbourhealth.example",
    country: "AU",
    timezone: "Australia/Sydney",
  },
});

/** What a workspace's public pages show of it. */
export const PublicBrand = Company.pick({ name: true, logo_url: true, primary_color: true });

/** What its mails show of it; `mail_name` is the sender's. */
export const Brand = PublicBrand.extend({ mail_name: z.string(), contact_email: z.string().nullable() });

const timezones = () => new Set([...Intl.supportedValuesOf("timeZone"), "UTC"]);

export const CompanyChange = z.strictObject({
  name: Line(200),
  logo_url: z.url({ protocol: /^https$/, error: "must be an https URL" }).max(2048)
    .refine(isStorable, "holds characters that cannot be stored").nullable(),
  primary_color: z.string().regex(/^#[0-9a-fA-F]{6}$/, "must be a colour such as #0f766e").toLowerCase().nullable(),
  contact_email: Email.nullable(),
  country: z.string().regex(/^[A-Z]{2}$/, "must be two capital letters of ISO 3166-1").nullable(),
  timezone: z.string().refine((name) => timezones().has(name), "must be an IANA time zone"),
}).partial().meta({ example: { primary_color: "#0f766e", country: "AU" } });

export const CrmSettings = z.object({
  referral_categories: z.array(z.string()),
  referral_pipeline_id: Id.nullable(),
  referral_stage_id: Id.nullable(),
  mail_recipients: z.array(z.string()).meta({
    description: "Whom automations may mail beside contacts, such as staff; without an unsubscribe link",
  }),
  mail_form_contacts: z.boolean().meta({
    description: "Whether automations may mail contacts that the public form made",
  }),
}).meta({
  id: "CrmSettings",
  example: {
    referral_categories: ["Physiotherapy", "MRI"],
    referral_pipeline_id: "00000000-0000-4000-8000-000000000301",
    referral_stage_id: "00000000-0000-4000-8000-000000000311",
    mail_recipients: ["desk@harbourhealth.example"],
    mail_form_contacts: false,
  },
});

export const CrmSettingsChange = z.strictObject({
  referral_categories: z.array(Category).max(200)
    .refine((labels) => new Set(labels).size === labels.length, "must be distinct"),
  referral_pipeline_id: Id.nullable(),
  referral_stage_id: Id.nullable().meta({
    description: "A stage of the referral pipeline; goes when the pipeline changes without it",
  }),
  mail_recipients: z.array(Email).max(50),
  mail_form_contacts: z.boolean(),
}).partial().meta({ example: { referral_categories: ["Physiotherapy", "MRI"] } });
