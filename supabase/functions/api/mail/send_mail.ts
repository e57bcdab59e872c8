import type { Config } from "../platform/config.ts";
import { isEmail, mailable } from "../contract/email.ts";
import { headerText } from "./header_text.ts";
import { pause } from "../platform/pause.ts";
import { logError } from "../platform/log.ts";

type Mail = {
  to: string;
  /** The workspace, as the sender's name. */
  from: string;
  replyTo: string | null;
  subject: string;
  html: string;
  text: string;
  headers?: Record<string, string>;
  /** The same for every try of one mail: the provider sends it once. */
  idempotencyKey: string;
};

/** What became of a mail: the provider's id of it, or a sentence for the user. */
export type MailOutcome = { id: string | null; error: string | null };

type Failure = { name: string; statusCode: number | null };

const attemptTimeout = 4_500;
const pauseBetween = 500;

/** Sends a mail by Resend within 10 seconds, trying twice where a second try can help. Never throws. */
export async function sendMail(config: Config, mail: Mail): Promise<MailOutcome> {
  // One line each: anything else would be another header, or another address.
  if (!isEmail(mail.to)) return { id: null, error: "This is no email address." };
  if (!config.mail) return { id: null, error: "Mail is switched off on this deployment." };
  const { Resend } = await import("resend");
  const resend = new Resend(config.mail.apiKey, { baseUrl: config.mail.baseUrl });
  const attempt = () =>
    resend.emails.send({
      from: `${quoted(mail.from)} <${config.mail!.from}>`,
      to: mailable(mail.to),
      replyTo: mail.replyTo && isEmail(mail.replyTo) ? mailable(mail.replyTo) : undefined,
      subject: headerText(mail.subject),
      html: mail.html,
      text: mail.text,
      headers: mail.headers,
    }, { idempotencyKey: mail.idempotencyKey, signal: AbortSignal.timeout(attemptTimeout) });

  let { data, error } = await attempt();
  if (error && isPassing(error)) {
    await pause(pauseBetween);
    ({ data, error } = await attempt());
  }
  if (data) return { id: data.id ?? null, error: null };
  const failure: Failure = error ?? { name: "application_error", statusCode: null };
  // The key was used with another text, so that mail has gone out: the name or brand changed between two tries.
  if (failure.name === "invalid_idempotent_request") return { id: null, error: null };
  logError("A mail failed", { name: failure.name, status: failure.statusCode, key: mail.idempotencyKey });
  return { id: null, error: sentence(failure) };
}

const isQuota = ({ name }: Failure) => name === "daily_quota_exceeded" || name === "monthly_quota_exceeded";

const isPassing = (failure: Failure) =>
  !isQuota(failure) &&
  (!failure.statusCode || failure.statusCode >= 500 || failure.statusCode === 429 ||
    failure.name === "concurrent_idempotent_requests");

function sentence(failure: Failure): string {
  if (isQuota(failure)) return "The mail provider's sending quota is used up; try again when it is renewed.";
  const { statusCode } = failure;
  if (statusCode === 401 || statusCode === 403) {
    return "The mail provider refused this deployment's key or sender address.";
  }
  if (statusCode === 429) return "The mail provider is busy; try again in a minute.";
  if (statusCode && statusCode < 500) return "The mail provider refused this address or text.";
  return "The mail provider did not answer; try again later.";
}

const quoted = (name: string) => `"${headerText(name, 100).replace(/["\\<>]/g, " ")}"`;
