import { z } from "zod";
import { ContactCard } from "../contacts/schema.ts";
import { type Issues, judgedAnyway } from "../contract/refinements.ts";
import { currencyDecimals, decimalsOf } from "./currencies.ts";
import type { Resource } from "../data/lists.ts";
import { Search, searched } from "../data/search.ts";
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
  value: z.number().min(0).max(999_999_999_999.99).nullish().meta({
    description: "With at most as many decimals as its currency has; two without one",
  }),
  currency: z.string().refine((code) => currencyDecimals.has(code), "must be a currency of ISO 4217, such as AUD")
    .nullish(),
  lead_source: Label(200).nullish(),
};

type Money = { value?: number | null; currency?: string | null };

// Of a change that names one of the two the database knows the other, and judges it.
function judgeDecimals({ value, currency }: Money, context: Issues) {
  if (typeof value !== "number" || (typeof currency === "string" && !currencyDecimals.has(currency))) return;
  const decimals = typeof currency === "string" ? currencyDecimals.get(currency)! : currency === null ? 2 : 4;
  if (decimalsOf(value) > decimals) {
    const of = typeof currency === "string" ? ` in ${currency}` : "";
    context.addIssue({
      code: "custom",
      path: ["value"],
      input: value,
      message: `must have at most ${decimals} decimals${of}`,
    });
  }
}

export const NewOpportunity = z.strictObject(writable).superRefine(
  (given, context) => judgeDecimals({ currency: null, ...given }, context),
  judgedAnyway,
).meta({
  example: { name: "Noah Williams: first consultation", value: 120.5, currency: "AUD" },
});
export const OpportunityChange = z.strictObject(writable).partial().superRefine(judgeDecimals, judgedAnyway).meta({
  example: { status: "won" },
});

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
    search: searched,
  },
} satisfies Resource;
