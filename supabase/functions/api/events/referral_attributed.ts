import { z } from "zod";
import { ReferralSource, ReferralStatus } from "../referrals/schema.ts";
import { longest } from "../contract/limits.ts";
import { Email, Id, Text } from "../contract/values.ts";
import { defineTrigger } from "./define_trigger.ts";
import { eventFields } from "./event_fields.ts";

const referral = {
  referral_id: Id.nullable().meta({ description: "The referral" }),
  referrer_contact_id: Id.nullable().meta({ description: "The contact who referred" }),
  referrer_email: Email.nullable().meta({ description: "The referrer's email address" }),
  referred_contact_id: Id.nullable().meta({ description: "The contact who was referred" }),
  referred_deal_id: Id.nullable().meta({ description: "The opportunity that came of it" }),
  category: Text(longest.category).nullable().meta({ description: "The referral's category" }),
  status: ReferralStatus.nullable().meta({ description: "The referral's status" }),
  source: ReferralSource.nullable().meta({ description: "How the referral came in" }),
  notes: Text(longest.notes).nullable().meta({ description: "The referral's notes" }),
};

export const referralAttributed = defineTrigger({
  label: "Referral attributed",
  description: "A referral was added, changed or deleted, whatever did it.",
  scope: "referrals:read",
  data: z.object({
    ...referral,
    operation: z.enum(["INSERT", "UPDATE", "DELETE"]).nullable().meta({ description: "What was done to the referral" }),
    previous: z.strictObject(referral).partial().nullable().meta({ description: "The old values of what changed" }),
    ...eventFields,
  }),
  sample: {
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
});
