import { z } from "zod";
import { ContactCard, literally, Search } from "../contacts/schema.ts";
import type { Resource } from "../data/lists.ts";
import { Id, Label, Timestamp } from "../contract/values.ts";

const greatestPosition = 2_147_483_647;
const Named = z.object({ id: Id, name: z.string() });

export const OpportunityStatus = z.enum(["open", "won", "lost"]);

const Placement = z.object({
  id: Id,
  pipeline_id: Id,
  stage_id: Id,
  position: z.int(),
  pipeline: Named,
  stage: Named,
}).meta({ id: "Placement" });

export const Opportunity = z.object({
  id: Id,
  company_id: Id,
  name: z.string(),
  status: OpportunityStatus,
  contact_id: Id.nullable(),
  value: z.number().nullable(),
  currency: z.string().nullable().meta({ description: "ISO 4217" }),
  lead_source: z.string().nullable(),
  primary_referrer_contact_id: Id.nullable().meta({ description: "Kept by the referrals of this opportunity" }),
  primary_referrer_category: z.string().nullable(),
  placements: z.array(Placement),
  created_at: Timestamp,
  updated_at: Timestamp,
}).meta({
  id: "Opportunity",
  example: {
    id: "00000000-0000-4000-8000-000000000502",
    company_id: "00000000-0000-4000-8000-000000000001",
    name: "Jack Taylor: shoulder MRI",
    status: "open",
    contact_id: "00000000-0000-4000-8000-000000000104",
    value: 640,
    currency: "AUD",
    lead_source: "Referral",
    primary_referrer_contact_id: "00000000-0000-4000-8000-000000000101",
    primary_referrer_category: "MRI",
    placements: [],
    created_at: "2026-11-22T09:30:00.000Z",
    updated_at: "2026-11-22T09:30:00.000Z",
  },
});

/** An opportunity with what `expand` inlines. */
export const ExpandedOpportunity = Opportunity.extend({
  referrer: ContactCard.nullable().optional(),
  contact: ContactCard.nullable().optional(),
}).meta({ id: "ExpandedOpportunity", example: Opportunity.meta()?.example });

/** An opportunity as a referral inlines it. */
export const OpportunityCard = Opportunity.pick({
  id: true,
  name: true,
  status: true,
  contact_id: true,
  value: true,
  currency: true,
}).meta({ id: "OpportunityCard" });

const writable = {
  name: Label(300),
  status: OpportunityStatus.optional(),
  contact_id: Id.nullish(),
  value: z.number().min(0).max(999_999_999_999.99)
    .refine((value) => Math.round(value * 100) / 100 === value, "must have at most 2 decimals").nullish(),
  currency: z.string().regex(/^[A-Z]{3}$/, "must be three capital letters of ISO 4217").nullish(),
  lead_source: Label(200).nullish(),
};

export const NewOpportunity = z.strictObject(writable).meta({
  example: { name: "Noah Williams: first consultation", value: 120.5, currency: "AUD" },
});
export const OpportunityChange = z.strictObject(writable).partial().meta({ example: { status: "won" } });

export const Move = z.strictObject({
  pipeline_id: Id,
  stage_id: Id,
  position: z.int().min(0).max(greatestPosition).optional().meta({ description: "The end of the stage, when absent" }),
  skip_automations: z.boolean().optional().meta({
    description: "Start no automation by this move; webhooks are told of it all the same",
  }),
}).meta({
  example: { pipeline_id: "00000000-0000-4000-8000-000000000301", stage_id: "00000000-0000-4000-8000-000000000312" },
});

export const opportunityResource = {
  table: "crm_deals",
  pageSize: 25,
  row: Opportunity,
  expansions: ["referrer", "contact"],
  filters: {
    status: OpportunityStatus.optional(),
    contact_id: Id.optional(),
    primary_referrer_contact_id: Id.optional(),
    pipeline_id: Id.optional(),
    stage_id: Id.optional(),
    search: Search.optional(),
  },
  narrow: {
    pipeline_id: (id) => ({ from: "placed_deals", apply: (query) => query.filter("pipeline_id", "eq", id) }),
    stage_id: (id) => ({ from: "placed_deals", apply: (query) => query.filter("stage_id", "eq", id) }),
    search: (text) => ({ apply: (query) => query.filter("name", "imatch", literally(text)) }),
  },
} satisfies Resource;
