import { z } from "zod";
import { ReferralSource, ReferralStatus } from "../referrals/schema.ts";
import { Email, Id, longestCategory, Text, Timestamp } from "../contract/values.ts";

export const TriggerType = z.enum(["referral_attributed", "stage_changed"]);
export type TriggerType = z.infer<typeof TriggerType>;

type Trigger = {
  label: string;
  description: string;
  /** Its `trigger_data`: what automations and subscribers are told, and what conditions and tokens may name. */
  data: z.ZodObject;
};
type Variable = { name: string; description: string };

const event = {
  event_id: Id.meta({ description: "The event's id: the webhook-id of its deliveries" }),
  occurred_at: Timestamp.meta({ description: "When it happened" }),
};

const referral = {
  referral_id: Id.nullable().meta({ description: "The referral" }),
  referrer_contact_id: Id.nullable().meta({ description: "The contact who referred" }),
  referrer_email: Email.nullable().meta({ description: "The referrer's email address" }),
  referred_contact_id: Id.nullable().meta({ description: "The contact who was referred" }),
  referred_deal_id: Id.nullable().meta({ description: "The opportunity that came of it" }),
  category: Text(longestCategory).nullable().meta({ description: "The referral's category" }),
  status: ReferralStatus.nullable().meta({ description: "The referral's status" }),
  source: ReferralSource.nullable().meta({ description: "How the referral came in" }),
  notes: Text(10_000).nullable().meta({ description: "The referral's notes" }),
};

const stage = {
  deal_id: Id.nullable().meta({ description: "The opportunity" }),
  contact_id: Id.nullable().meta({ description: "The opportunity's primary contact" }),
  pipeline_id: Id.nullable().meta({ description: "The pipeline" }),
  stage_id: Id.nullable().meta({ description: "The stage that was entered" }),
  from_stage_id: Id.nullable().meta({ description: "The stage before, null when it entered the pipeline" }),
};

/** What a workspace can be told of, and can act on. */
export const triggers = {
  referral_attributed: {
    label: "Referral attributed",
    description: "A referral was added, changed or deleted, whatever did it.",
    data: z.object({
      ...referral,
      operation: z.enum(["INSERT", "UPDATE", "DELETE"]).nullable().meta({
        description: "What was done to the referral",
      }),
      previous: z.strictObject(referral).partial().nullable().meta({ description: "The old values of what changed" }),
      ...event,
    }).meta({
      example: {
        referral_id: "5f0c2f0e-6f0b-4a53-9a53-0a4c0b7f7d01",
        referrer_contact_id: "00000000-0000-4000-8000-000000000101",
        referrer_email: "grace.okafor@example.com",
        referred_contact_id: "00000000-0000-4000-8000-000000000104",
        referred_deal_id: "00000000-0000-4000-8000-000000000502",
        category: "MRI",
        status: "accepted",
        source: "form",
        notes: null,
        operation: "UPDATE",
        previous: { status: "pending" },
        event_id: "c1b3a7de-4b1d-4c0e-9d3e-2f6f1f0b7a55",
        occurred_at: "2026-11-22T09:30:00.000Z",
      },
    }),
  },
  stage_changed: {
    label: "Stage changed",
    description: "An opportunity entered a stage of a pipeline.",
    data: z.object({ ...stage, ...event }).meta({
      example: {
        deal_id: "00000000-0000-4000-8000-000000000502",
        contact_id: "00000000-0000-4000-8000-000000000104",
        pipeline_id: "00000000-0000-4000-8000-000000000301",
        stage_id: "00000000-0000-4000-8000-000000000312",
        from_stage_id: "00000000-0000-4000-8000-000000000311",
        event_id: "c1b3a7de-4b1d-4c0e-9d3e-2f6f1f0b7a55",
        occurred_at: "2026-11-22T09:30:00.000Z",
      },
    }),
  },
} satisfies Record<TriggerType, Trigger>;

const dealFields: Record<string, string> = {
  id: "id",
  name: "name",
  status: "status: open, won or lost",
  value: "value",
  currency: "currency, ISO 4217",
  lead_source: "lead source",
  contact_id: "primary contact's id",
  primary_referrer_contact_id: "referrer's id",
  primary_referrer_category: "referrer's category",
};

const personFields: Record<string, string> = {
  id: "id",
  first_name: "first name",
  last_name: "last name",
  email: "email address",
  phone: "phone number",
  job_title: "job title",
};

const fieldsOf = (subject: string, owner: string, fields: Record<string, string>): Variable[] =>
  Object.entries(fields).map(([field, description]) => ({
    name: `${subject}.${field}`,
    description: `${owner} ${description}`,
  }));

const surroundings: Variable[] = [
  ...fieldsOf("deal", "The opportunity's", dealFields),
  ...fieldsOf("opportunity", "The opportunity's", dealFields),
  ...fieldsOf("contact", "The referred contact's, or the opportunity's primary contact's,", personFields),
  ...fieldsOf("referrer", "The referrer's", personFields),
  { name: "company.name", description: "Your workspace's name" },
];

const variables = Object.fromEntries(TriggerType.options.map((type): [TriggerType, Variable[]] => [type, [
  ...Object.entries<z.ZodType>(triggers[type].data.shape)
    .map(([name, field]) => ({ name, description: field.meta()?.description ?? "" })),
  ...surroundings,
]])) as Record<TriggerType, Variable[]>;

/** What conditions and `{{...}}` tokens of automations with this trigger may name. */
export const variablesOf = (type: TriggerType): Variable[] => variables[type];

/** The names that conditions and tokens may have with this trigger; with any, when none is given. */
export const variableNames = (type?: TriggerType): string[] => [
  ...new Set((type ? [type] : TriggerType.options).flatMap((one) => variables[one].map(({ name }) => name))),
];
