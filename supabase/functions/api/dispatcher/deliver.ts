import { z } from "zod";
import { triggers, TriggerType } from "../events/event_types.ts";
import type { Config } from "../platform/config.ts";
import { presentPart } from "../data/rows.ts";
import type { KeptConnections } from "../webhooks/connections.ts";
import { allowedAddresses } from "../webhooks/address_check.ts";
import { send } from "../webhooks/send.ts";
import { signatureHeaders } from "../webhooks/signing.ts";

type Told = Record<string, unknown> & { occurred_at: string };

/** A delivery as `private.delivery_jobs` gives it. */
export const Delivery = z.object({
  id: z.string(),
  subscription_id: z.string(),
  url: z.string(),
  secrets: z.array(z.string()).nullable(),
  event_id: z.string(),
  event_type: z.string(),
  /** How often it has been tried before. */
  tries: z.int(),
  // Sent as it is, key for key: an object schema would copy it into an order of its own.
  data: z.custom<Told>((data) => typeof Object(data).occurred_at === "string"),
});
export type Delivery = z.output<typeof Delivery>;

/** What `private.record_deliveries` takes: `status` of the HTTP answer, null without one; `retry_after` in seconds. */
export type DeliveryOutcome = {
  id: string;
  tries: number;
  status: number | null;
  body: string | null;
  error: string | null;
  retry_after: number | null;
  duration_ms: number;
  /** Whether a failure says nothing of the receiver. */
  is_ours?: boolean;
};

/** Sends a delivery, signed now, over a connection that its subscription's receiver has kept, or another. */
export async function deliver(delivery: Delivery, kept: KeptConnections, config: Config): Promise<DeliveryOutcome> {
  const { id, url, secrets, event_id, event_type, tries, data } = delivery;
  if (!secrets) return failure(delivery, "The subscription has no secret: rotate it.");
  const body = JSON.stringify({ type: event_type, timestamp: data.occurred_at, data: described(event_type, data) });
  const headers = signatureHeaders(event_id, body, secrets, new Date());
  const sent = await send(url, body, headers, { ...allowedAddresses(config), kept });
  return {
    id,
    tries,
    status: sent.status,
    body: sent.body || null,
    error: sent.error ?? problem(sent.status),
    retry_after: sent.retryAfter,
    duration_ms: Math.round(sent.durationMs),
  };
}

export const unreadable = "The delivery cannot be read.";

/** The outcome of a delivery that was not sent. */
export const failure = ({ id, tries }: Pick<Delivery, "id" | "tries">, error: string): DeliveryOutcome => ({
  is_ours: true,
  id,
  tries,
  status: null,
  body: null,
  error,
  retry_after: null,
  duration_ms: 0,
});

/** What is told of a trigger, with all its fields, null too; of any other event, what there is. */
function described(type: string, data: Told): Record<string, unknown> {
  const trigger = TriggerType.safeParse(type).data;
  if (!trigger) return data;
  const schema: z.ZodObject = triggers[trigger].data;
  return presentPart(schema, data, Object.keys(schema.shape));
}

function problem(status: number | null): string | null {
  if (status === null || (status >= 200 && status < 300)) return null;
  return status >= 300 && status < 400
    ? `It answered ${status}: redirects are not followed.`
    : `It answered ${status}, not 2xx.`;
}
