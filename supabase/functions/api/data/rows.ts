import { z } from "zod";

type Row = Readonly<Record<string, unknown>>;
/** Every column that a schema names, whatever it holds. */
type Columns<Schema extends z.ZodObject> = Row & { [Key in keyof z.output<Schema>]: unknown };
type Reading = (given: unknown) => unknown;

const readings = new WeakMap<z.ZodObject, Map<string, Reading>>();

/**
 * A row of the data API as the contract shows it: the schema's keys in its order, absent values null, timestamps ISO 8601
 * in UTC, numbers as numbers, whether PostgREST or the embedded data API printed it.
 */
export const present = <Schema extends z.ZodObject>(schema: Schema, row: Columns<Schema>) =>
  // All keys are asked for, so none is missing.
  presentPart(schema, row, Object.keys(schema.shape)) as z.output<Schema>;

/** The same with some of the schema's keys, and with computed fields beside them as they are. */
export function presentPart<Schema extends z.ZodObject>(
  schema: Schema,
  row: Row,
  keys: readonly string[],
): Partial<z.output<Schema>> {
  let ways = readings.get(schema);
  if (!ways) {
    readings.set(
      schema,
      ways = new Map(Object.keys(schema.shape).map((key) => [key, readingOf(key, schema.shape[key])])),
    );
  }
  const shown: Record<string, unknown> = {};
  for (const key of keys) shown[key] = (ways.get(key) ?? asGiven)(row[key]);
  // What a column holds is its table's word, whose checks are the contract's; to parse every row would double a read.
  return shown as Partial<z.output<Schema>>;
}

/**
 * A row inside what a database function gives, presented: its keys are checked, its values are its table's word. `unheld` are
 * those that no table has.
 */
export function rowOf<Schema extends z.ZodObject>(schema: Schema, unheld: Record<string, null | false> = {}) {
  const keys = Object.keys(schema.shape).filter((key) => !Object.hasOwn(unheld, key));
  return z.custom<Columns<Schema>>(
    (given) => typeof given === "object" && given !== null && keys.every((key) => key in given),
  ).transform((row) => present(schema, { ...row, ...unheld }));
}

const asGiven: Reading = (given) => given ?? null;
const asInstant: Reading = (given) => typeof given === "string" ? instant(given) : asGiven(given);
const asNumber: Reading = (given) => typeof given === "string" ? Number(given) : asGiven(given);

function readingOf(key: string, schema: z.core.$ZodType): Reading {
  if (/_(at|since)$/.test(key)) return asInstant;
  const type = schema instanceof z.ZodNullable ? schema.def.innerType._zod.def.type : schema._zod.def.type;
  return type === "number" ? asNumber : asGiven;
}

/** Postgres' or PostgREST's text of an instant in UTC, as the contract shows it; a twentieth of the time that Date takes. */
export function instant(text: string): string {
  const fraction = text[19] === "." ? text.slice(20, text.indexOf("+", 20)) : "";
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
}

/** An instant in what a database function gives. */
export const PrintedInstant = z.string().transform(instant);
