import { z } from "zod";
import { ContactCard } from "../contacts/schema.ts";
import { type Issues, judgedAnyway } from "../contract/refinements.ts";
import { currencyDecimals, decimalsOf } from "./currencies.ts";
import type { Resource } from "../data/lists.ts";
import { Search, searched } from "../data/search.ts";
import { longest } from "../contract/limits.ts";
import { Id, isStorable, Label, Text, Timestamp } from "../contract/values.ts";

export const greatestPosition = 2_147_483_647;
const Named = z.object({ id: Id, name: z.string() });

export const OpportunityStatus = z.enum(["open", "won", "lost"]);

const Tag = z.union(
  [Label(80), z.strictObject({ name: Label(80), color: Label(40).optional() })],
  "must be a name or {name, color}",
);

/** What TrustPager's opportunities have and these have not. */
export const unheldByOpportunities = { public_id: null, customer_id: null } as const;
const unheld = { description: "TrustPager's; there is none here" };

const Placement = z.object({
  id: Id,
  pipeline_id: Id,
  stage_id: Id,
  position: z.int(),
  pipeline: Named,
  stage: Named,
  crm_pipelines: Named.meta({ description: "TrustPager's name for pipeline" }),
  crm_pipeline_stages: Named.extend({ color: z.null() }).meta({ description: "TrustPager's name for stage" }),
}).meta({ id: "Placement" });

/** Where an opportunity was put. */
export const PlacedOpportunity = z.object({
  id: Id,
  deal_id: Id,
  pipeline_id: Id,
  stage_id: Id,
  position: z.int(),
}).meta({
  id: "PlacedOpportunity",
  example: {
    id: "1b7d9a34-6c52-4e0f-8a1d-3f5e7c9b2d46",
    deal_id: "00000000-0000-4000-8000-000000000502",
    pipeline_id: "00000000-0000-4000-8000-000000000301",
    stage_id: "00000000-0000-4000-8000-000000000312",
    position: 0,
  },
});

export const Opportunity = z.object({
  id: Id,
  public_id: z.null().meta(unheld),
  company_id: Id,
  name: z.string(),
  status: OpportunityStatus,
  contact_id: Id.nullable(),
  customer_id: z.null().meta(unheld),
  value: z.number().nullable(),
  currency: z.string().nullable().meta({ description: "ISO 4217" }),
  lead_source: z.string().nullable(),
  primary_referrer_contact_id: Id.nullable().meta({ description: "Kept by the referrals of this opportunity" }),
  primary_referrer_category: z.string().nullable(),
  tags: z.array(Tag).meta({ description: "As they were given" }),
  notes: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()).meta({ description: "The caller's own; nothing here reads it" }),
  placements: z.array(Placement),
  created_at: Timestamp,
  updated_at: Timestamp,
}).meta({
  id: "Opportunity",
  example: {
    id: "00000000-0000-4000-8000-000000000502",
    public_id: null,
    company_id: "00000000-0000-4000-8000-000000000001",
    name: "Jack Taylor: shoulder MRI",
    status: "open",
    contact_id: "00000000-0000-4000-8000-000000000104",
    customer_id: null,
    value: 640,
    currency: "AUD",
    lead_source: "Referral",
    primary_referrer_contact_id: "00000000-0000-4000-8000-000000000101",
    primary_referrer_category: "MRI",
    tags: ["VIP"],
    notes: null,
    metadata: {},
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

const mostMetadata = 16_384;
const Metadata = z.record(z.string(), z.json())
  .refine((given) => isStorable(unescaped(given)), "holds characters that cannot be stored")
  .refine((given) => new TextEncoder().encode(JSON.stringify(given)).length <= mostMetadata, "must have at most 16 kB")
  .meta({ type: "object", description: "The caller's own, at most 16 kB as JSON" });

/** All keys and texts in a value. */
function unescaped(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value).map(([key, inner]) => key + unescaped(inner)).join("");
}

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
  tags: z.array(Tag).max(50).optional(),
  notes: Text(longest.notes).nullish(),
  metadata: Metadata.optional(),
  skip_automations: z.boolean().optional().meta({
    description: "Start no automation by this; webhooks are told of it all the same",
  }),
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
  skip_action_ids: z.array(Id).max(100).optional().meta({
    description: "Actions that the automations started by this move leave out",
  }),
}).meta({
  example: { pipeline_id: "00000000-0000-4000-8000-000000000301", stage_id: "00000000-0000-4000-8000-000000000312" },
});

export const opportunityResource = {
  table: "crm_deals",
  pageSize: 25,
  row: Opportunity,
  unheld: unheldByOpportunities,
  expansions: ["referrer", "contact"],
  filters: {
    status: OpportunityStatus.optional(),
    contact_id: Id.optional(),
    customer_id: Id.optional().meta({ description: "TrustPager's; no opportunity here has one" }),
    primary_referrer_contact_id: Id.optional(),
    pipeline_id: Id.optional(),
    stage_id: Id.optional(),
    search: Search.optional(),
  },
  narrow: {
    customer_id: () => ({ apply: (query) => query.is("id", null) }),
    pipeline_id: (id) => ({ from: "placed_deals", apply: (query) => query.filter("pipeline_id", "eq", id) }),
    stage_id: (id) => ({ from: "placed_deals", apply: (query) => query.filter("stage_id", "eq", id) }),
    search: searched,
  },
} satisfies Resource;
