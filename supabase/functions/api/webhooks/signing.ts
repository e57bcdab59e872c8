import { Webhook } from "standardwebhooks";

/**
 * The headers of a webhook by the Standard Webhooks specification: `secrets` (each `whsec_` and base64) sign one after the
 * other, so that a receiver who knows any of them can verify it. `id` stays the same on every try, `at` is this try's time.
 */
export function signatureHeaders(id: string, body: string, secrets: string[], at: Date): Record<string, string> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(" "),
  };
}
