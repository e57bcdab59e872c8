import { z } from "zod";
import type { Resource } from "../data/lists.ts";
import { Search, searched } from "../data/search.ts";
import type { Narrowing } from "../data/selections.ts";
import { Email, Flag, Id, Label, Line, PersonName, Timestamp } from "../contract/values.ts";

/** What TrustPager's contacts have and these have not: always the same, so that their clients find every key. */
export const unheldByContacts = {
  public_id: null,
  landline: null,
  date_of_birth: null,
  sms_unsubscribed: false,
} as const;
const unheld = { description: "TrustPager's; there is none here" };

export const Contact = z.object({
  id: Id,
  public_id: z.null().meta(unheld),
  company_id: Id,
  first_name: Label(200),
  last_name: Label(200).nullable(),
  email: Email.nullable(),
  phone: z.string().nullable().meta({ description: "E.164, with `;ext=` and its extension", example: "+61412000101" }),
  landline: z.null().meta(unheld),
  date_of_birth: z.null().meta(unheld),
  job_title: Label(200).nullable(),
  source: z.string().nullable().meta({
    description: "Where they come from, in the caller's words",
    example: "website",
  }),
  images: z.array(z.string()),
  email_unsubscribed: z.boolean().meta({ description: "Whether they asked this workspace to be mailed no more" }),
  sms_unsubscribed: z.literal(false).meta(unheld),
  archived_at: Timestamp.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).meta({
  id: "Contact",
  example: {
    id: "00000000-0000-4000-8000-000000000101",
    public_id: null,
    company_id: "00000000-0000-4000-8000-000000000001",
    first_name: "Grace",
    last_name: "Okafor",
    email: "grace.okafor@example.com",
    phone: "+61412000101",
    landline: null,
    date_of_birth: null,
    job_title: "GP",
    source: "website",
    images: [],
    email_unsubscribed: false,
    sms_unsubscribed: false,
    archived_at: null,
    created_at: "2026-11-22T09:30:00.000Z",
    updated_at: "2026-11-22T09:30:00.000Z",
  },
});

/** A contact as other resources inline it; null where there is none. */
export const ContactCard = Contact.pick({
  id: true,
  first_name: true,
  last_name: true,
  email: true,
  phone: true,
  job_title: true,
}).meta({ id: "ContactCard" });

const writable = {
  first_name: PersonName,
  last_name: PersonName.nullish(),
  email: Email.nullish(),
  phone: Label(40).nullish().meta({
    description: "With a prefix, or as dialled in the workspace's country",
    example: "0412 000 101",
  }),
  job_title: Line(200).nullish(),
  source: Label(200).nullish(),
  archived: z.boolean().optional().meta({ description: "Archived, they are in lists that ask for it only" }),
};

export const NewContact = z.strictObject(writable).meta({
  example: { first_name: "Grace", email: "grace.okafor@example.com" },
});
export const ContactChange = z.strictObject(writable).partial().meta({ example: { phone: "0412 000 101" } });

export const Unsubscribing = z.strictObject({
  channels: z.array(z.literal("email")).min(1).optional().meta({ description: "There is no other" }),
}).meta({ example: { channels: ["email"] } });

/** A search as TrustPager's clients ask for it. */
export const SearchBody = z.strictObject({
  query: Search,
  limit: z.int().min(1).transform((limit) => Math.min(limit, 100)).default(25),
}).meta({ example: { query: "okafor", limit: 10 } });

/** By whether a time is set: `true`, `false`, or all. */
const whether = (column: string, is: string): Narrowing => ({
  apply: (query) =>
    is === "true" ? query.filter(column, "not.is", null) : is === "false" ? query.filter(column, "is", null) : query,
});

export const contactResource = {
  table: "crm_contacts",
  pageSize: 25,
  row: Contact,
  expansions: [],
  unheld: unheldByContacts,
  filters: {
    search: Search.optional(),
    source: Label(200).optional(),
    email_unsubscribed: Flag.optional(),
    customer_id: Id.optional().meta({ description: "TrustPager's; no contact here has one" }),
    sms_unsubscribed: Flag.optional().meta({ description: "Nobody is: nothing here sends text messages" }),
    archived: z.enum(["true", "false", "all"]).default("false").meta({ description: "all: archived or not" }),
  },
  narrow: {
    customer_id: () => ({ apply: (query) => query.is("id", null) }),
    sms_unsubscribed: (is) => ({ apply: (query) => is === "true" ? query.is("id", null) : query }),
    email_unsubscribed: (is) => whether("unsubscribed_at", is),
    archived: (which) => whether("archived_at", which),
    search: searched,
  },
} satisfies Resource;
