import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import type { Brand } from "../mail/brand.ts";
import { ApiError } from "../contract/errors.ts";
import { type Outcome, sendMail } from "../mail/send_mail.ts";
import { present } from "../data/rows.ts";
import { Referral } from "./schema.ts";

/** What `private.convert_referral` gives: `mail` for who is to send it, `sent` null while somebody else does. */
type Conversion = {
  referral: Record<string, unknown>;
  attempt: number;
  sent: boolean | null;
  error: string | null;
  mail: {
    brand: Brand;
    referrer: { first_name: string; last_name: string | null; email: string | null };
    friend: { first_name: string } | null;
  } | null;
};
type Thanked = Pick<Conversion, "sent" | "error">;

const pollInterval = 150;
const longestWait = 35_000;

/** Converts a referral and thanks its referrer by one mail, however often and by how many it is called. Throws 404, 409. */
export async function convertReferral(id: string, database: Database, config: Config) {
  const conversion = await database.object((client) =>
    client.rpc("convert_referral", { referral_id: id })
  ) as Conversion;
  const { sent, error } = conversion.sent !== null
    ? conversion
    : conversion.mail
    ? await thankReferrer(id, conversion.attempt, conversion.mail, database, config)
    : await otherCallersOutcome(id, database);
  return { ...present(Referral, conversion.referral), thank_you_sent: sent, thank_you_error: error };
}

async function otherCallersOutcome(id: string, database: Database): Promise<Thanked> {
  for (const deadline = Date.now() + longestWait; Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, pollInterval));
    const outcome = await database.object((client) => client.rpc("thank_you_outcome", { referral_id: id })) as Thanked;
    if (outcome.sent !== null) return outcome;
  }
  throw new ApiError("UNAVAILABLE", "The referral is converted; its thank-you mail is still under way.");
}

async function thankReferrer(
  id: string,
  attempt: number,
  mail: NonNullable<Conversion["mail"]>,
  database: Database,
  config: Config,
): Promise<Thanked> {
  const outcome = await mailThanks(id, mail, config);
  await database.ask((client) =>
    client.rpc("record_thank_you", {
      referral_id: id,
      attempt,
      email_id: outcome.id ?? undefined,
      error: outcome.error ?? undefined,
    })
  );
  return { sent: outcome.error === null, error: outcome.error };
}

async function mailThanks(
  id: string,
  { brand, referrer, friend }: NonNullable<Conversion["mail"]>,
  config: Config,
): Promise<Outcome> {
  if (!referrer.email) return { id: null, error: "The referrer has no email address." };
  const { thankYouMail } = await import("../mail/thank_you.tsx");
  return await sendMail(config, {
    to: referrer.email,
    from: brand.name,
    replyTo: brand.contact_email,
    ...thankYouMail({ brand, referrer, friend }),
    idempotencyKey: `referral-thank-you/${id}`,
  });
}
