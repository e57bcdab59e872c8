import type { z } from "zod";

type Row = Record<string, unknown>;

/**
 * A row of the data API as the contract shows it: the schema's keys in its order, absent values null, timestamps ISO 8601
 * in UTC, numbers as numbers, whether PostgREST or the embedded data API printed it. `keys` picks some of them.
 */
export function present<Schema extends z.ZodObject>(
  schema: Schema,
  row: Row,
  keys: readonly string[] = Object.keys(schema.shape),
): Partial<z.output<Schema>> & Row {
  return Object.fromEntries(keys.map((key) => [key, value(key, row[key], schema.shape[key])])) as
    & Partial<z.output<Schema>>
    & Row;
}

function value(key: string, given: unknown, schema: z.core.$ZodType | undefined): unknown {
  if (given === null || given === undefined) return null;
  if (typeof given !== "string") return given;
  if (key.endsWith("_at")) return instant(given);
  return isNumber(schema) ? Number(given) : given;
}

/** Postgres' or PostgREST's text of an instant in UTC, as the contract shows it. */
export const instant = (text: string): string =>
  new Date(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00")).toISOString();

function isNumber(schema: z.core.$ZodType | undefined): boolean {
  const type = schema?._zod.def.type;
  return type === "number" ||
    (type === "nullable" && (schema as z.ZodNullable)._zod.def.innerType._zod.def.type === "number");
}
