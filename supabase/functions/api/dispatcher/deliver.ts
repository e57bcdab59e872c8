import { triggers, type TriggerType } from "../events/event_types.ts";
import type { Config } from "../platform/config.ts";
import { present } from "../data/rows.ts";
import type { KeptConnections } from "../webhooks/connections.ts";
import { addressOptions } from "../webhooks/address_check.ts";
import { send } from "../webhooks/send.ts";
import { signatureHeaders } from "../webhooks/signing.ts";

/** A delivery as `private.claim_deliveries` gives it. */
export type Delivery = {
  id: string;
  subscription_id: string;
  url: string;
  secrets: string[] | null;
  event_id: string;
  event_type: string;
  /** How often it has been tried before. */
  tries: number;
  data: Record<string, unknown> & { occurred_at: string };
};

/** What `private.record_deliveries` takes: `status` of the HTTP answer, null without one; `retry_after` in seconds. */
export type DeliveryOutcome = {
  id: string;
  tries: number;
  status: number | null;
  body: string | null;
  error: string | null;
  retry_after: number | null;
  duration_ms: number;
};

/** Sends a delivery, signed now, over a connection that its subscription's receiver has kept, or another. */
export async function deliver(delivery: Delivery, kept: KeptConnections, config: Config): Promise<DeliveryOutcome> {
  const { id, url, secrets, event_id, event_type, tries, data } = delivery;
  if (!secrets) return failure(delivery, "The subscription has no secret: rotate it.");
  const body = JSON.stringify({ type: event_type, timestamp: data.occurred_at, data: described(event_type, data) });
  const headers = signatureHeaders(event_id, body, secrets, new Date());
  const sent = await send(url, body, headers, { ...addressOptions(config), kept });
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

const failure = ({ id, tries }: Delivery, error: string): DeliveryOutcome => ({
  id,
  tries,
  status: null,
  body: null,
  error,
  retry_after: null,
  duration_ms: 0,
});

const described = (type: string, data: Record<string, unknown>) =>
  Object.hasOwn(triggers, type) ? present(triggers[type as TriggerType].data, data) : data;

function problem(status: number | null): string | null {
  if (status === null || (status >= 200 && status < 300)) return null;
  return status >= 300 && status < 400
    ? `It answered ${status}: redirects are not followed.`
    : `It answered ${status}, not 2xx.`;
}
