import { z } from "zod";
import { cleaned, isEmail } from "./email.ts";
import { longest } from "./limits.ts";

/** Whether Postgres can hold a text as it is: no NUL, no lone surrogate. */
export const isStorable = (text: string) => !text.includes("\u0000") && text.isWellFormed();
const length = (text: string) => [...text].length;

/** A UUID of any version, in either case; lower case afterwards. */
export const Id = z.guid("must be a UUID").toLowerCase();

/** The parameters of a path with `:id`. */
export const ById = z.strictObject({ id: Id });

/** An instant as every answer shows it: UTC, milliseconds, `Z`. */
export const Timestamp = z.iso.datetime({ precision: 3 }).meta({ example: "2026-11-22T09:30:00.000Z" });

/** Text of at most `max` characters (code points, as Postgres counts them) without NUL and lone surrogates, in NFC. */
export const Text = (max: number) =>
  z.string().normalize("NFC")
    .refine(isStorable, "holds characters that cannot be stored")
    .refine((text) => length(text) <= max, `must have at most ${max} characters`)
    .meta({ maxLength: max });

/** A name of 1 to `max` characters, in NFC; white space around it goes. */
export const Label = (max: number) =>
  z.string().trim().normalize("NFC")
    .min(1, "must not be empty")
    .refine(isStorable, "holds characters that cannot be stored")
    .refine((text) => length(text) <= max, `must have at most ${max} characters`)
    .meta({ minLength: 1, maxLength: max });

export const Category = Label(longest.category);

const isLine = (text: string) => !/[\p{Cc}\u2028\u2029]/u.test(text);
const isLink = (text: string) => /:\/\/|www\./i.test(text);

/** A label that is one line: `private.is_line` says the same. */
export const Line = (max: number) => Label(max).refine(isLine, "must be one line without control characters");

/** A person's name, which no mail client makes a link of: `private.is_name` says the same. */
export const PersonName = Line(200).refine((name) => !isLink(name), "must be a name that holds no link (:// or www.)");

/** An address as browsers take it, or an international one: `private.is_email` says the same. What is pasted around it goes. */
export const Email = z.string().overwrite(cleaned)
  .refine(isEmail, "must be an email address")
  .refine((text) => length(text) <= 320, "must have at most 320 characters")
  .meta({ format: "email", maxLength: 320 });

/** The example that a schema describes itself with. */
export const exampleOf = (schema: z.ZodObject) => z.record(z.string(), z.unknown()).parse(schema.meta()?.example);

/** A whole number in a query string: digits only, so neither `1e1` nor `0x10`. */
export const WholeNumber = (min: number, max: number) =>
  z.preprocess(
    (text) => typeof text === "string" && /^-?\d{1,15}$/.test(text) ? Number(text) : text,
    z.number(`must be a whole number from ${min} to ${max}`).int().min(min).max(max),
  );

/** How many rows to give, in a query string: what is above the maximum is taken as the maximum. */
export const Limit = (max: number, absent: number) =>
  z.preprocess(
    (text) => typeof text === "string" && /^\d+$/.test(text) ? Math.min(Number(text), max) : text,
    z.number(`must be a whole number from 1 to ${max}`).int().min(1).max(max),
  ).default(absent).meta({ description: "A greater one is taken as the maximum" });

/** `true` or `false` in a query string. */
export const Flag = z.preprocess(
  (text) => text === "true" ? true : text === "false" ? false : text,
  z.boolean("must be true or false"),
);

/** A point in time in a query string, with its offset, or a date, whose midnight in UTC is meant; years 1 to 9999. */
export const Instant = z.preprocess(
  (text) => typeof text === "string" && /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text,
  z.iso.datetime({ offset: true, error: "must be an ISO 8601 date, or a date and time with an offset or Z" })
    .refine((text) => !text.startsWith("0000"), "must be an ISO 8601 date from year 1 on"),
).meta({ description: "A date and time with its offset, or a date: midnight UTC" });

/** Several of `names`, separated by commas, in a query string. */
export const Names = (names: readonly string[], max = names.length) =>
  z.string()
    .transform((text) => [...new Set(text.split(",").map((name) => name.trim()))])
    .refine((given) => given.length <= max, `must name at most ${max}`)
    .refine((given) => given.every((name) => names.includes(name)), `must be some of ${names.join(", ")}`)
    .meta({ description: `Some of ${names.join(", ")}, separated by commas` });
