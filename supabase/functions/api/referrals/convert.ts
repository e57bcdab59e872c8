import { z } from "zod";
import { Brand } from "../company/schema.ts";
import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import { pause } from "../platform/pause.ts";
import { ApiError } from "../contract/errors.ts";
import { type MailOutcome, sendMail } from "../mail/send_mail.ts";
import { rowOf } from "../data/rows.ts";
import { Referral } from "./schema.ts";

const ThankYou = z.object({
  brand: Brand,
  referrer: z.object({ first_name: z.string(), email: z.string().nullable() }),
  friend: z.object({ first_name: z.string() }).nullable(),
});
type ThankYou = z.output<typeof ThankYou>;

/** What `private.thank_you` gives: `sent` is null while the mail is under way. */
const Outcome = z.object({ attempt: z.int(), sent: z.boolean().nullable(), error: z.string().nullable() });

/** What `private.convert_referral` gives: `mail` for who is to send it. */
const Conversion = Outcome.extend({ referral: rowOf(Referral), mail: ThankYou.nullable() });

type Thanked = { sent: boolean; error: string | null };

const pollInterval = 150;
const longestWait = 35_000;

/** Converts a referral and thanks its referrer by one mail, however often and by how many it is called. Throws 404, 409. */
export async function convertReferral(id: string, database: Database, config: Config) {
  const conversion = await database.found(
    Conversion,
    (client) => client.rpc("convert_referral", { referral_id: id }),
  );
  const { referral, attempt, mail } = conversion;
  const thanked = settled(conversion) ??
    (mail ? await thankReferrer(id, attempt, mail, database, config) : await otherCallersOutcome(id, database));
  return { ...referral, thank_you_sent: thanked.sent, thank_you_error: thanked.error };
}

const settled = ({ sent, error }: z.output<typeof Outcome>): Thanked | null => sent === null ? null : { sent, error };

async function otherCallersOutcome(id: string, database: Database): Promise<Thanked> {
  for (const deadline = Date.now() + longestWait; Date.now() < deadline;) {
    await pause(pollInterval);
    const thanked = settled(
      await database.found(Outcome, (client) => client.rpc("thank_you_outcome", { referral_id: id })),
    );
    if (thanked) return thanked;
  }
  throw new ApiError("UNAVAILABLE", "The referral is converted; its thank-you mail is still under way.");
}

async function thankReferrer(
  id: string,
  attempt: number,
  mail: ThankYou,
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
  { brand, referrer, friend }: ThankYou,
  config: Config,
): Promise<MailOutcome> {
  if (!referrer.email) return { id: null, error: "The referrer has no email address." };
  const { thankYouMail } = await import("../mail/thank_you.tsx");
  return await sendMail(config, {
    to: referrer.email,
    from: brand.mail_name,
    replyTo: brand.contact_email,
    ...thankYouMail({ brand, referrer, friend }),
    idempotencyKey: `referral-thank-you/${id}`,
  });
}
