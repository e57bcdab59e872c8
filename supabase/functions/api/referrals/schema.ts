import { z } from "zod";
import type { Resource } from "../data/lists.ts";
import { ContactCard } from "../contacts/schema.ts";
import { Opportunity, OpportunityCard } from "../opportunities/schema.ts";
import { judgedAnyway } from "../contract/refinements.ts";
import { longest } from "../contract/limits.ts";
import { Category, exampleOf, Flag, Id, Limit, Text, Timestamp } from "../contract/values.ts";

export const ReferralStatus = z.enum(["pending", "accepted", "converted", "declined"]);
export const ReferralSource = z.enum(["form", "manual", "api", "automation"]);

export const Referral = z.object({
  id: Id,
  company_id: Id,
  referrer_contact_id: Id,
  referred_contact_id: Id.nullable(),
  referred_deal_id: Id.nullable(),
  source: ReferralSource,
  status: ReferralStatus,
  category: z.string().nullable().meta({
    description: "One of the workspace's referral categories, when it has a list",
  }),
  notes: z.string().nullable(),
  converted_at: Timestamp.nullable(),
  created_by: Id.nullable().meta({ description: "The id of the API key, null for the public form" }),
  created_at: Timestamp,
  updated_at: Timestamp,
}).meta({
  id: "Referral",
  example: {
    id: "5f0c2f0e-6f0b-4a53-9a53-0a4c0b7f7d01",
    company_id: "00000000-0000-4000-8000-000000000001",
    referrer_contact_id: "00000000-0000-4000-8000-000000000101",
    referred_contact_id: "00000000-0000-4000-8000-000000000104",
    referred_deal_id: "00000000-0000-4000-8000-000000000502",
    source: "manual",
    status: "pending",
    category: "MRI",
    notes: "Met at the open day",
    converted_at: null,
    created_by: "7b8f1a52-31f1-4b52-8d0c-5f6a0f3c9e10",
    created_at: "2026-11-22T09:30:00.000Z",
    updated_at: "2026-11-22T09:30:00.000Z",
  },
});

/** A referral with what `expand` inlines. */
export const ExpandedReferral = Referral.extend({
  referrer: ContactCard.nullable().optional(),
  referred_contact: ContactCard.nullable().optional(),
  opportunity: OpportunityCard.nullable().optional(),
}).meta({ id: "ExpandedReferral", example: Referral.meta()?.example });

/** A converted referral, and what became of the mail that thanks its referrer. */
export const ConvertedReferral = Referral.extend({
  thank_you_sent: z.boolean(),
  thank_you_error: z.string().nullable(),
}).meta({ id: "ConvertedReferral" });

const writable = {
  referred_contact_id: Id.nullish(),
  referred_deal_id: Id.nullish(),
  status: ReferralStatus.optional(),
  category: Category.nullish(),
  notes: Text(longest.notes).nullish(),
};

export const NewReferral = z.strictObject({
  referrer_contact_id: Id,
  ...writable,
  deal_id: Id.nullish().meta({ description: "Another name of referred_deal_id" }),
  source: ReferralSource.exclude(["automation"]).optional(),
}).superRefine(({ deal_id, referred_deal_id }, problems) => {
  if (deal_id === undefined || referred_deal_id === undefined || deal_id === referred_deal_id) return;
  problems.addIssue({ code: "custom", path: ["deal_id"], message: "is referred_deal_id by another name, and differs" });
}, judgedAnyway).meta({
  example: {
    referrer_contact_id: "00000000-0000-4000-8000-000000000101",
    referred_contact_id: "00000000-0000-4000-8000-000000000106",
    category: "MRI",
    notes: "Met at the open day",
  },
});

export const ReferralChange = z.strictObject(writable).meta({ example: { status: "accepted" } });

export const Attribution = z.strictObject({
  opportunity_id: Id,
  referrer_contact_id: Id.nullable().meta({ description: "Null clears" }),
  category: Category.nullish().meta({ description: "Stays as it is, when absent" }),
}).meta({
  example: {
    opportunity_id: "00000000-0000-4000-8000-000000000502",
    referrer_contact_id: "00000000-0000-4000-8000-000000000101",
    category: "MRI",
  },
});

/** An opportunity with its referrer, null without one. */
export const AttributedOpportunity = Opportunity.extend({ referrer: ContactCard.nullable() })
  .meta({ id: "AttributedOpportunity", example: { ...exampleOf(Opportunity), referrer: null } });

export const referralResource = {
  table: "referrals",
  row: Referral,
  expansions: ["referrer", "referred_contact", "opportunity"],
  filters: {
    status: ReferralStatus.optional(),
    referrer_contact_id: Id.optional(),
    referred_contact_id: Id.optional(),
    referred_deal_id: Id.optional(),
    category: Category.optional(),
    source: ReferralSource.optional(),
  },
} satisfies Resource;

export const LeaderboardQuery = z.strictObject({
  limit: Limit(50, 10),
  only_converted: Flag.default(false).meta({ description: "Count only converted referrals" }),
});

export const Leaderboard = z.object({
  leaderboard: z.array(z.object({
    rank: z.int().meta({ description: "Equal counts share a rank" }),
    contact: z.object({
      id: Id,
      first_name: z.string(),
      last_name: z.string().nullable(),
      email: z.string().nullable(),
      images: z.array(z.string()),
    }),
    total_referrals: z.int(),
    converted_referrals: z.int(),
    conversion_rate: z.number().min(0).max(1),
  })),
}).meta({ id: "Leaderboard" });
