import { z } from "zod";
import { countryMeantBy, isCountry } from "./countries.ts";
import { isTimeZone } from "./time_zone.ts";
import { Category, Email, Id, isStorable, Label, Line, Text } from "../contract/values.ts";

/** What a workspace says of itself, in TrustPager's fields: nothing here acts by it. */
const saying = {
  slug: Label(200),
  description: Text(2_000),
  contact_name: Label(200),
  phone: Label(40),
  secondary_color: Label(40),
  address: Text(500),
  industry: Label(200),
  website_url: Label(2_048),
  abn: Label(40),
};
const profile = Object.fromEntries(Object.entries(saying).map(([field, text]) => [field, text.nullable()])) as {
  [Field in keyof typeof saying]: z.ZodNullable<typeof saying[Field]>;
};

export const Company = z.object({
  id: Id,
  name: z.string(),
  logo_url: z.string().nullable(),
  primary_color: z.string().nullable().meta({ example: "#0f766e" }),
  contact_email: z.string().nullable(),
  country: z.string().nullable().meta({ description: "ISO 3166-1, for phone numbers without a prefix", example: "AU" }),
  timezone: z.string().meta({ description: "IANA", example: "Australia/Sydney" }),
  ...profile,
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
    slug: null,
    description: "Physiotherapy and imaging by the harbour",
    contact_name: null,
    phone: null,
    secondary_color: null,
    address: null,
    industry: "Health",
    website_url: null,
    abn: null,
  },
});

/** What a workspace's public pages show of it. */
export const PublicBrand = Company.pick({ name: true, logo_url: true, primary_color: true });

/** What its mails show of it; `mail_name` is the sender's. */
export const Brand = PublicBrand.extend({ mail_name: z.string(), contact_email: z.string().nullable() });

const Country = z.string().superRefine((code, context) => {
  if (isCountry(code)) return;
  const meant = countryMeantBy(code);
  context.addIssue({
    code: "custom",
    message: "must be a country with phone numbers, by its two capital letters of ISO 3166-1",
    params: meant === undefined ? undefined : { accepted: [meant] },
  });
}).meta({ description: "ISO 3166-1, for phone numbers without a prefix", example: "AU" });

const TimeZone = z.string().refine(isTimeZone, "must be a zone or link of the tz database, such as Australia/Sydney");

export const CompanyChange = z.strictObject({
  name: Line(200),
  logo_url: z.url({ protocol: /^https$/, error: "must be an https URL" }).max(2048)
    .refine(isStorable, "holds characters that cannot be stored").nullable(),
  primary_color: z.string().regex(/^#[0-9a-fA-F]{6}$/, "must be a colour such as #0f766e").toLowerCase().nullable(),
  contact_email: Email.nullable(),
  country: Country.nullable(),
  ...profile,
  timezone: TimeZone,
}).partial().meta({ example: { primary_color: "#0f766e", country: "AU" } });

export const CrmSettings = z.object({
  referral_categories: z.array(z.string()),
  lead_sources: z.array(z.string()).meta({ description: "For forms of other programs; nothing here asks for it" }),
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
    lead_sources: ["Referral", "Website"],
    referral_pipeline_id: "00000000-0000-4000-8000-000000000301",
    referral_stage_id: "00000000-0000-4000-8000-000000000311",
    mail_recipients: ["desk@harbourhealth.example"],
    mail_form_contacts: false,
  },
});

const Labels = z.array(Category).max(200)
  .refine((labels) => new Set(labels).size === labels.length, "must be distinct");

export const CrmSettingsChange = z.strictObject({
  referral_categories: Labels,
  lead_sources: Labels,
  referral_pipeline_id: Id.nullable(),
  referral_stage_id: Id.nullable().meta({
    description: "A stage of the referral pipeline; goes when the pipeline changes without it",
  }),
  mail_recipients: z.array(Email).max(50),
  mail_form_contacts: z.boolean(),
}).partial().meta({ example: { referral_categories: ["Physiotherapy", "MRI"] } });
