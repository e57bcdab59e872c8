import type { z } from "zod";

type Row = Record<string, unknown>;
type Reading = (given: unknown) => unknown;

const readings = new WeakMap<z.ZodObject, Map<string, Reading>>();

/**
 * A row of the data API as the contract shows it: the schema's keys in its order, absent values null, timestamps ISO 8601
 * in UTC, numbers as numbers, whether PostgREST or the embedded data API printed it. `keys` picks some of them.
 */
export function present<Schema extends z.ZodObject>(
  schema: Schema,
  row: Row,
  keys: readonly string[] = Object.keys(schema.shape),
): Partial<z.output<Schema>> & Row {
  let ways = readings.get(schema);
  if (!ways) {
    readings.set(
      schema,
      ways = new Map(Object.keys(schema.shape).map((key) => [key, readingOf(key, schema.shape[key])])),
    );
  }
  const shown: Row = {};
  for (const key of keys) shown[key] = (ways.get(key) ?? asGiven)(row[key]);
  return shown as Partial<z.output<Schema>> & Row;
}

const asGiven: Reading = (given) => given ?? null;
const asInstant: Reading = (given) => typeof given === "string" ? instant(given) : asGiven(given);
const asNumber: Reading = (given) => typeof given === "string" ? Number(given) : asGiven(given);

function readingOf(key: string, schema: z.core.$ZodType): Reading {
  if (/_(at|since)$/.test(key)) return asInstant;
  const { def } = schema._zod;
  const type = def.type === "nullable" ? (schema as z.ZodNullable)._zod.def.innerType._zod.def.type : def.type;
  return type === "number" ? asNumber : asGiven;
}

/** Postgres' or PostgREST's text of an instant in UTC, as the contract shows it; a twentieth of the time that Date takes. */
export function instant(text: string): string {
  const fraction = text[19] === "." ? text.slice(20, text.indexOf("+", 20)) : "";
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
}
