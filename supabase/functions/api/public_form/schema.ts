import { z } from "zod";
import { RequestStatus } from "../referral_requests/schema.ts";
import { Category, Email, Label, PersonName, Text, Timestamp } from "../contract/values.ts";

/** A link's token; what Postgres cannot hold is none, and is looked up all the same: every wrong token takes one way. */
export const ByToken = z.strictObject({
  token: z.string().transform((token) => token.replaceAll("\u0000", "?").toWellFormed()),
});

/** What a form needs to show itself, and nothing else about anyone. */
export const ReferralForm = z.object({
  company: z.object({ name: z.string(), logo_url: z.string().nullable(), primary_color: z.string().nullable() }),
  referrer_first_name: z.string(),
  categories: z.array(z.string()),
  status: RequestStatus,
  expires_at: Timestamp,
}).meta({
  id: "ReferralForm",
  example: {
    company: {
      name: "Harbour Health Clinic",
      logo_url: "https://example.com/harbour/logo.png",
      primary_color: "#0f766e",
    },
    referrer_first_name: "Grace",
    categories: ["Physiotherapy", "MRI"],
    status: "sent",
    expires_at: "2026-12-22T09:30:00.000Z",
  },
});

/** A friend's details. */
export const Submission = z.strictObject({
  first_name: PersonName,
  last_name: PersonName.nullish(),
  email: Email.nullish(),
  phone: Label(40).nullish().meta({ description: "With a prefix, or as dialled in the workspace's country" }),
  category: Category.nullish(),
  message: Text(2_000).nullish(),
  consent: z.literal(true, {
    error: (issue) => issue.input === undefined ? "is required" : "must be true: your friend must agree",
  }),
}).refine(({ email, phone }) => email || phone, {
  path: ["email"],
  error: "is required, or phone",
  params: { missing: true },
  when: ({ value }) => typeof value === "object" && value !== null,
}).meta({ example: { first_name: "Noah", email: "noah@example.com", message: "He hurt his knee", consent: true } });

export type Submission = z.output<typeof Submission>;

export const Submitted = z.object({
  status: z.literal("submitted"),
  submitted_at: Timestamp,
  already_referred: z.boolean().meta({
    description: "Whether the same referrer had named this friend before; then there is no second referral",
  }),
}).meta({
  id: "Submitted",
  example: { status: "submitted", submitted_at: "2026-11-22T09:30:00.000Z", already_referred: false },
});

export type Submitted = z.output<typeof Submitted>;
