import { z } from "zod";
import type { Resource } from "../data/lists.ts";
import { longest, mostFilledHtml, mostOfToken } from "../contract/limits.ts";
import { Id, Text, Timestamp } from "../contract/values.ts";
import { bytes, tokensIn } from "../mail/template.ts";

export const RequestStatus = z.enum(["sent", "viewed", "submitted", "expired"]);

export const Delivery = z.enum(["queued", "sent", "delivered", "bounced", "complained", "suppressed", "failed"]);

const FriendAsTyped = z.object({
  first_name: z.string(),
  last_name: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  category: z.string().nullable(),
  message: z.string().nullable(),
});

export const ReferralRequest = z.object({
  id: Id,
  company_id: Id,
  contact_id: Id,
  deal_id: Id.nullable(),
  recipient_email: z.string(),
  recipient_name: z.string(),
  status: RequestStatus,
  sent_at: Timestamp,
  viewed_at: Timestamp.nullable(),
  submitted_at: Timestamp.nullable(),
  referral_id: Id.nullable(),
  submission: FriendAsTyped.nullable().meta({ description: "What was typed into the form" }),
  expires_at: Timestamp.meta({ description: "The end of a day where the workspace is" }),
  delivery: Delivery.meta({ description: "What became of its mail, as far as it is known" }),
  email_error: z.string().nullable(),
  created_at: Timestamp,
}).meta({
  id: "ReferralRequest",
  example: {
    id: "9a3c2b1e-5d4f-4c6a-8b7e-0f1e2d3c4b5a",
    company_id: "00000000-0000-4000-8000-000000000001",
    contact_id: "00000000-0000-4000-8000-000000000101",
    deal_id: null,
    recipient_email: "grace.okafor@example.com",
    recipient_name: "Grace Okafor",
    status: "viewed",
    sent_at: "2026-11-22T09:30:00.000Z",
    viewed_at: "2026-11-22T10:05:00.000Z",
    submitted_at: null,
    referral_id: null,
    submission: null,
    expires_at: "2026-12-22T12:59:59.999Z",
    delivery: "sent",
    email_error: null,
    created_at: "2026-11-22T09:30:00.000Z",
  },
});

/** Whether HTML stays within a mail's bounds whoever is asked: `private.fits_a_mail` says the same. */
const fitsAMail = (html: string) => bytes(html) + mostOfToken * tokensIn(html).length <= mostFilledHtml;

const foreignHtml = Text(longest.mailHtml)
  .refine(fitsAMail, `may come to more than ${mostFilledHtml / 1_000} kB once its tokens are filled`)
  .nullish()
  .meta({ description: "HTML with `{{…}}` tokens; sanitised before it is mailed" });

export const NewReferralRequest = z.strictObject({
  contact_id: Id,
  deal_id: Id.nullish(),
  channel: z.literal("email").optional().meta({ description: "How they are asked: by mail" }),
  subject_override: Text(longest.mailSubject).nullish(),
  intro_html: foreignHtml,
  how_it_works_html: foreignHtml,
  expires_in_days: z.int().min(1).max(365).default(30).meta({
    description: "To the end of that day where the workspace is",
  }),
  force: z.boolean().default(false).meta({ description: "Asks also whom an open request has asked already" }),
}).meta({
  example: {
    contact_id: "00000000-0000-4000-8000-000000000101",
    subject_override: "{{contact.first_name}}, who else could we help?",
    expires_in_days: 30,
  },
});

/** A request just mailed; its token is in no other answer. */
export const SentRequest = z.object({
  request_id: Id,
  token: z.string(),
  public_url: z.string(),
  expires_at: Timestamp,
  email_sent: z.boolean(),
  email_error: z.string().nullable(),
}).meta({
  id: "SentRequest",
  example: {
    request_id: "9a3c2b1e-5d4f-4c6a-8b7e-0f1e2d3c4b5a",
    token: "q3Zc0y5wq8m2Jr7uYx1Kf4Vn6Tb9Hs0Lp3Ee5Rd7Ga8",
    public_url: "https://api.example.com/functions/v1/api/v1/refer/q3Zc0y5wq8m2Jr7uYx1Kf4Vn6Tb9Hs0Lp3Ee5Rd7Ga8",
    expires_at: "2026-12-22T09:30:00.000Z",
    email_sent: true,
    email_error: null,
  },
});

export const referralRequestResource = {
  table: "referral_requests",
  row: ReferralRequest,
  expansions: [],
  filters: { status: RequestStatus.optional(), contact_id: Id.optional(), delivery: Delivery.optional() },
  narrow: {
    // What was sent or viewed expires by the clock, whatever was written last. Postgres reads 'now'.
    status: (status) =>
      status === "expired" ? { from: "expired_requests", apply: (query) => query } : {
        apply: (query) => {
          const written = query.filter("written_status", "eq", status);
          return status === "submitted" ? written : written.gt("expires_at", "now");
        },
      },
  },
} satisfies Resource;
