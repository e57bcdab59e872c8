import { Webhook } from "standardwebhooks";

/**
 * The headers of a webhook by the Standard Webhooks specification: `secrets` (`whsec_` and base64, or a text of the receiver's own) sign one after the
 * other, so that a receiver who knows any of them can verify it. `id` stays the same on every try, `at` is this try's time.
 */
export function signatureHeaders(id: string, body: string, secrets: string[], at: Date): Record<string, string> {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": secrets.map((secret) => keyOf(secret).sign(id, at, body)).join(" "),
  };
}

const keyOf = (secret: string) =>
  secret.startsWith("whsec_") ? new Webhook(secret) : new Webhook(secret, { format: "raw" });
