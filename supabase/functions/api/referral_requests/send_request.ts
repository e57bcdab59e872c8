import { createHash } from "node:crypto";
import { z } from "zod";
import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import { Brand } from "../company/schema.ts";
import { newToken } from "./link_token.ts";
import { sendMail } from "../mail/send_mail.ts";
import { unsubscribeHeaders, unsubscribeUrl } from "../mail/unsubscribe_link.ts";
import { PrintedInstant } from "../data/rows.ts";

/** What `private.request_mail` gives. */
export const WrittenRequest = z.object({
  request_id: z.string(),
  expires_at: PrintedInstant,
  brand: Brand,
  timezone: z.string(),
  contact: z.object({ first_name: z.string(), last_name: z.string().nullable(), email: z.string() }),
  opportunity: z.object({ name: z.string() }).nullable(),
  subject_override: z.string().nullable(),
  intro_html: z.string().nullable(),
  how_it_works_html: z.string().nullable(),
});

/** The secrets of one mail: of its form, and of its unsubscribe link. */
export const newTokens = () => ({ token: newToken(), unsubscribe_token: newToken() });

/** Mails a request that the database has just written, records the outcome there, and gives what its sender is answered. */
export async function mailRequest(
  request: z.output<typeof WrittenRequest>,
  { token, unsubscribe_token }: ReturnType<typeof newTokens>,
  database: Database,
  config: Config,
) {
  const publicUrl = config.publicFormUrl.replace("{token}", token);
  const unsubscribe_url = unsubscribeUrl(config, unsubscribe_token);
  const { referralRequestMail } = await import("../mail/referral_request.tsx");
  const { subject, html, text } = await referralRequestMail({
    ...request,
    public_url: publicUrl,
    unsubscribe_url,
  });
  const { id, error } = await sendMail(config, {
    to: request.contact.email,
    from: request.brand.mail_name,
    replyTo: request.brand.contact_email,
    subject,
    html,
    text,
    headers: unsubscribeHeaders(unsubscribe_url),
    // Each sending has a token of its own, so each is a mail of its own.
    idempotencyKey: `referral-request/${request.request_id}/${
      createHash("sha256").update(token).digest("hex").slice(0, 16)
    }`,
  });
  await database.ask((client) =>
    client.rpc("record_request_mail", {
      request_id: request.request_id,
      email_id: id ?? undefined,
      email_error: error ?? undefined,
    })
  );
  return {
    request_id: request.request_id,
    token,
    public_url: publicUrl,
    expires_at: request.expires_at,
    email_sent: error === null,
    email_error: error,
  };
}
