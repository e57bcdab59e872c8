import { z } from "zod";
import { Id, Timestamp } from "../contract/values.ts";
import { PrintedInstant } from "../data/rows.ts";

const Limits = z.object({
  requests_per_minute: z.int(),
  requests_per_day: z.int(),
  credits_per_month: z.int().nullable(),
});

export const CallingKey = z.object({
  id: Id,
  name: z.string(),
  scopes: z.array(z.string()),
  created_at: Timestamp,
  expires_at: Timestamp.nullable(),
  limits: Limits,
  company: z.object({ id: Id, name: z.string() }),
}).meta({
  id: "CallingKey",
  example: {
    id: "7b8f1a52-31f1-4b52-8d0c-5f6a0f3c9e10",
    name: "Zapier",
    scopes: ["referrals:read", "referrals:write"],
    created_at: "2026-11-22T09:30:00.000Z",
    expires_at: null,
    limits: { requests_per_minute: 600, requests_per_day: 100_000, credits_per_month: null },
    company: { id: "00000000-0000-4000-8000-000000000001", name: "Harbour Health" },
  },
});

/** What `private.calling_key_card` gives. */
export const CallingKeyCard = CallingKey.extend({
  created_at: PrintedInstant,
  expires_at: PrintedInstant.nullable(),
});
