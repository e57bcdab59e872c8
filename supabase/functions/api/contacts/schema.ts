import { z } from "zod";
import type { Resource } from "../data/lists.ts";
import { Email, Id, Label, Text, Timestamp } from "../contract/values.ts";

export const Contact = z.object({
  id: Id,
  company_id: Id,
  first_name: Label(200),
  last_name: Label(200).nullable(),
  email: Email.nullable(),
  phone: z.string().nullable().meta({ description: "E.164", example: "+61412000101" }),
  job_title: Label(200).nullable(),
  images: z.array(z.string()),
  created_at: Timestamp,
  updated_at: Timestamp,
}).meta({
  id: "Contact",
  example: {
    id: "00000000-0000-4000-8000-000000000101",
    company_id: "00000000-0000-4000-8000-000000000001",
    first_name: "Grace",
    last_name: "Okafor",
    email: "grace.okafor@example.com",
    phone: "+61412000101",
    job_title: "GP",
    images: [],
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
  first_name: Label(200),
  last_name: Label(200).nullish(),
  email: Email.nullish(),
  phone: Label(40).nullish().meta({
    description: "With a prefix, or as dialled in the workspace's country",
    example: "0412 000 101",
  }),
  job_title: Label(200).nullish(),
};

export const NewContact = z.strictObject(writable).meta({
  example: { first_name: "Grace", email: "grace.okafor@example.com" },
});
export const ContactChange = z.strictObject(writable).partial().meta({ example: { phone: "0412 000 101" } });

/** Any text of it, in any case, anywhere in names, email or phone. */
export const Search = Text(200).refine((text) => text.trim() !== "", "must not be empty");

export const contactResource = {
  table: "crm_contacts",
  pageSize: 25,
  row: Contact,
  expansions: [],
  filters: { search: Search.optional() },
  narrow: { search: (text) => ({ apply: (query) => query.filter("search_text", "imatch", literally(text)) }) },
} satisfies Resource;

/** A regular expression that matches just `text`: unlike `ilike`, whose `*` PostgREST takes for a wildcard, it can quote all. */
export const literally = (text: string) => text.trim().replace(/[^\p{L}\p{N} ]/gu, "\\$&");
