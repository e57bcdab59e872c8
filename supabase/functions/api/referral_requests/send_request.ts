import { createHash } from "node:crypto";
import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import type { Brand } from "../mail/brand.ts";
import { newToken } from "./link_token.ts";
import { sendMail } from "../mail/send_mail.ts";
import { instant } from "../data/rows.ts";

/** What `private.request_mail` gives. */
type RequestMail = {
  request_id: string;
  expires_at: string;
  brand: Brand;
  timezone: string;
  contact: { first_name: string; last_name: string | null; email: string };
  opportunity: { name: string } | null;
  subject_override: string | null;
  intro_html: string | null;
  how_it_works_html: string | null;
};

/** The secrets of one mail: of its form, and of its unsubscribe link. */
export const newTokens = () => ({ token: newToken(), unsubscribe_token: newToken() });

/** Mails a request that the database has just written, records the outcome there, and gives the contract's answer. */
export async function mailRequest(
  written: Record<string, unknown>,
  { token, unsubscribe_token }: ReturnType<typeof newTokens>,
  database: Database,
  config: Config,
) {
  const request = written as RequestMail;
  const publicUrl = config.publicFormUrl.replace("{token}", token);
  const unsubscribeUrl = `${config.publicUrl}/public/unsubscribe/${unsubscribe_token}`;
  const { referralRequestMail } = await import("../mail/referral_request.tsx");
  const { subject, html, text } = await referralRequestMail({
    ...request,
    public_url: publicUrl,
    unsubscribe_url: unsubscribeUrl,
  });
  const { id, error } = await sendMail(config, {
    to: request.contact.email,
    from: request.brand.name,
    replyTo: request.brand.contact_email,
    subject,
    html,
    text,
    headers: { "List-Unsubscribe": `<${unsubscribeUrl}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" },
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
    expires_at: instant(request.expires_at),
    email_sent: error === null,
    email_error: error,
  };
}
