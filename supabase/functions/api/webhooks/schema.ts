import { z } from "zod";
import { EventType, TriggerType } from "../events/event_types.ts";
import type { Resource } from "../data/lists.ts";
import { exampleOf, Id, Text, Timestamp } from "../contract/values.ts";

/** Just what `private.is_webhook_url` takes; where it may lead is `refusedAddress`'s to say. */
export const WebhookUrl = Text(2_048)
  .refine(
    (url) => /^https?:\/\/[^/?#@]+([/?#].*)?$/.test(url) && !/[\s\p{Z}\p{C}]/u.test(url) && URL.canParse(url),
    {
      error: "must be an absolute https URL without user name and white space",
      when: ({ issues }) => issues.length === 0,
    },
  )
  .meta({ format: "uri" });

export const WebhookSubscription = z.object({
  id: Id,
  company_id: Id,
  url: z.string(),
  events: z.array(TriggerType).meta({
    description: "None: only the `call_webhook` actions with this address use it",
  }),
  enabled: z.boolean(),
  disabled_at: Timestamp.nullable(),
  disabled_reason: z.string().nullable().meta({ description: "Why it was disabled, when nobody did it by hand" }),
  failing_since: Timestamp.nullable().meta({ description: "Since when every delivery has failed" }),
  created_by: Id.nullable().meta({ description: "The key that made it, or last said what it does" }),
  created_at: Timestamp,
  updated_at: Timestamp,
}).meta({
  id: "WebhookSubscription",
  example: {
    id: "2f1d6c7e-8a53-4f0b-9c1e-7d2b5a9e4c10",
    company_id: "00000000-0000-4000-8000-000000000001",
    url: "https://hooks.example.com/referrals",
    events: ["referral_attributed"],
    enabled: true,
    disabled_at: null,
    disabled_reason: null,
    failing_since: null,
    created_by: "7f6f6f0e-2a53-4c0b-8c1e-1d2b5a9e4c77",
    created_at: "2026-11-22T09:30:00.000Z",
    updated_at: "2026-11-22T09:30:00.000Z",
  },
});

/** A subscription with its new secret, which no other answer shows. */
export const WebhookSubscriptionWithSecret = WebhookSubscription.extend({
  secret: z.string().meta({ description: "Signs the deliveries, by Standard Webhooks. Keep it: it is shown once" }),
}).meta({
  id: "WebhookSubscriptionWithSecret",
  example: {
    ...exampleOf(WebhookSubscription),
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=",
  },
});

const writable = {
  url: WebhookUrl.meta({ description: "https, and public" }),
  events: z.array(TriggerType).min(1).max(TriggerType.options.length)
    .refine((events) => new Set(events).size === events.length, "must be distinct"),
  enabled: z.boolean().optional(),
};

/** A secret of the receiver's own. */
const OwnSecret = z.string()
  .regex(/^[\x21-\x7e]{24,200}$/, "must have 24 to 200 characters of ASCII, without spaces")
  .refine(
    (secret) =>
      !secret.startsWith("whsec_") ||
      /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(secret),
    { error: "must be base64 behind whsec_", when: ({ issues }) => issues.length === 0 },
  )
  .optional()
  .meta({ description: "The receiver's own; one is made, when absent" });

export const NewWebhookSubscription = z.strictObject({
  ...writable,
  secret: OwnSecret,
}).meta({
  example: { url: "https://hooks.example.com/referrals", events: ["referral_attributed"] },
});

export const WebhookSubscriptionChange = z.strictObject(writable).partial().meta({
  example: { events: ["referral_attributed", "stage_changed"] },
});

export const NewSecret = z.strictObject({ secret: OwnSecret }).meta({
  example: { secret: "a-secret-of-the-receivers-own" },
});

export const DeliveryStatus = z.enum(["pending", "delivered", "failed"]);

export const WebhookDelivery = z.object({
  id: Id,
  subscription_id: Id,
  event_id: Id.meta({ description: "The webhook-id, the same on every try" }),
  event_type: EventType,
  status: DeliveryStatus,
  attempt_count: z.int(),
  next_attempt_at: Timestamp.nullable().meta({ description: "Null when it is done" }),
  last_attempt_at: Timestamp.nullable(),
  delivered_at: Timestamp.nullable(),
  response_status: z.int().nullable().meta({ description: "Of the last try; null when no answer came" }),
  response_body: z.string().nullable().meta({ description: "The beginning of the last answer" }),
  error: z.string().nullable().meta({ description: "What was wrong with the last try" }),
  duration_ms: z.int().nullable(),
  attempts: z.array(z.object({
    attempted_at: Timestamp,
    response_status: z.int().nullable(),
    error: z.string().nullable(),
    duration_ms: z.int().nullable(),
  })),
  created_at: Timestamp,
  updated_at: Timestamp,
}).meta({
  id: "WebhookDelivery",
  example: {
    id: "6b0f7a92-1d3c-4e58-a7b4-9c2e5f8d1a30",
    subscription_id: "2f1d6c7e-8a53-4f0b-9c1e-7d2b5a9e4c10",
    event_id: "c1b3a7de-4b1d-4c0e-9d3e-2f6f1f0b7a55",
    event_type: "referral_attributed",
    status: "pending",
    attempt_count: 1,
    next_attempt_at: "2026-11-22T09:30:05.500Z",
    last_attempt_at: "2026-11-22T09:30:00.250Z",
    delivered_at: null,
    response_status: 502,
    response_body: "Bad gateway",
    error: "It answered 502, not 2xx.",
    duration_ms: 118,
    attempts: [{
      attempted_at: "2026-11-22T09:30:00.250Z",
      response_status: 502,
      error: "It answered 502, not 2xx.",
      duration_ms: 118,
    }],
    created_at: "2026-11-22T09:30:00.000Z",
    updated_at: "2026-11-22T09:30:00.250Z",
  },
});

export const webhookResource = {
  table: "webhook_subscriptions",
  row: WebhookSubscription,
  expansions: [],
  filters: {},
} satisfies Resource;

export const deliveryResource = {
  table: "webhook_deliveries",
  row: WebhookDelivery,
  expansions: [],
  filters: {
    status: DeliveryStatus.optional(),
    event_type: EventType.optional(),
    event_id: Id.optional(),
  },
} satisfies Resource;
