import type { z } from "zod";
import type { ContactCard } from "../contacts/schema.ts";
import { type Opportunity, OpportunityStatus } from "../opportunities/schema.ts";
import { triggers, TriggerType } from "./event_types.ts";

type Variable = { name: string; description: string };

const oneOf = new Intl.ListFormat("en-GB", { type: "disjunction" });

const dealFields: Partial<Record<keyof z.output<typeof Opportunity>, string>> = {
  id: "id",
  name: "name",
  status: `status: ${oneOf.format(OpportunityStatus.options)}`,
  value: "value",
  currency: "currency, ISO 4217",
  lead_source: "lead source",
  tags: "tags' names",
  contact_id: "primary contact's id",
  primary_referrer_contact_id: "referrer's id",
  primary_referrer_category: "referrer's category",
};

const personFields: Record<keyof z.output<typeof ContactCard>, string> = {
  id: "id",
  first_name: "first name",
  last_name: "last name",
  email: "email address",
  phone: "phone number",
  job_title: "job title",
};

const fieldsOf = (subject: string, owner: string, fields: Record<string, string>): Variable[] =>
  Object.entries(fields).map(([field, description]) => ({
    name: `${subject}.${field}`,
    description: `${owner} ${description}`,
  }));

const surroundings: Variable[] = [
  ...fieldsOf("deal", "The opportunity's", dealFields),
  ...fieldsOf("opportunity", "The opportunity's", dealFields),
  ...fieldsOf("contact", "The referred contact's, or the opportunity's primary contact's,", personFields),
  ...fieldsOf("referrer", "The referrer's", personFields),
  { name: "company.name", description: "Your workspace's name" },
  // TrustPager's names without their subject.
  { name: "tags", description: "Another name of deal.tags" },
  { name: "lead_source", description: "Another name of deal.lead_source" },
  { name: "today", description: "The day of the run, in UTC: 2026-11-22" },
  { name: "now", description: "When the run is worked on, in UTC: 2026-11-22T09:30:00.000Z" },
];

/** What stands around every event, by the names that TrustPager's schemas have for it. */
export const enrichedVariables = {
  "deal.*": `The opportunity's ${Object.keys(dealFields).join(", ")}; also as opportunity.*`,
  "contact.*": `The referred contact's, or the opportunity's primary contact's, ${
    Object.keys(personFields).join(", ")
  }`,
  "referrer.*": `The referrer's ${Object.keys(personFields).join(", ")}`,
  "company.name": "Your workspace's name",
  today: "The day of the run, in UTC",
  now: "When the run is worked on, in UTC",
};

const toldBy = (type: TriggerType): Variable[] =>
  Object.entries<z.ZodType>(triggers[type].data.shape)
    .map(([name, field]) => ({ name, description: field.meta()?.description ?? "" }));

const variables = new Map(TriggerType.options.map((type) => [type, [...toldBy(type), ...surroundings]]));

/** What conditions and `{{...}}` tokens of automations with this trigger may name. */
export const variablesOf = (type: TriggerType): Variable[] => variables.get(type) ?? [];

/** The names that conditions and tokens may have with this trigger; with any, when none is given. */
export const variableNames = (type?: TriggerType): string[] => [
  ...new Set((type ? [type] : TriggerType.options).flatMap(variablesOf).map(({ name }) => name)),
];
