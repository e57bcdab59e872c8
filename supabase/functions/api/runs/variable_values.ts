import type { TokenValues } from "../mail/template.ts";
import type { TriggerType } from "../events/event_types.ts";
import { variablesOf } from "../events/variables.ts";
import type { Context } from "./job.ts";

/** The values of a run by the names that conditions and tokens have for them; no other name has one. */
export function valuesOf(type: TriggerType, data: Record<string, unknown>, context: Context): Map<string, unknown> {
  const subjects: Record<string, Record<string, unknown> | null> = {
    ...context,
    // Of a run by hand, whose caller may say what it shows of a contact.
    contact: typeof data.contact === "object" ? { ...context.contact, ...data.contact } : context.contact,
    opportunity: context.deal,
  };
  const now = new Date().toISOString();
  const alone: Record<string, unknown> = {
    ...data,
    tags: context.deal?.tags,
    lead_source: context.deal?.lead_source,
    now,
    today: now.slice(0, 10),
  };
  return new Map(
    variablesOf(type).map(({ name }) => {
      const [subject, field] = name.split(".");
      if (field === undefined) return [name, alone[name] ?? null];
      return [name, subjects[subject]?.[field] ?? null];
    }),
  );
}

/** The values as text, for templates. */
export const asTokens = (values: Map<string, unknown>): TokenValues =>
  Object.fromEntries(
    [...values].map(([name, value]) => [
      name,
      value === null
        ? null
        : Array.isArray(value)
        ? value.join(", ")
        : typeof value === "object"
        ? JSON.stringify(value)
        : String(value),
    ]),
  );
