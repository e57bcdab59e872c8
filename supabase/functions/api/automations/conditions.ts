import { z } from "zod";
import { Text } from "../contract/values.ts";
import type { Json } from "../data/database.types.ts";

/** `{variable: {operator: value}}`; all of it must hold. */
export type Conditions = Record<string, Record<string, unknown>>;

type Compare = (actual: unknown, wanted: unknown) => boolean;
type Operator = { wanted: z.ZodType<Json>; holds: Compare };

const Scalar = z.union(
  [Text(1_000), z.number(), z.boolean(), z.null()],
  "must be text of at most 1000 characters, a number, true, false or null",
);
const Comparable = z.union([Text(1_000), z.number()], "must be text of at most 1000 characters or a number");

const isPresent = (value: unknown) => value !== null && value !== undefined && value !== "";
const isNumeric = (value: unknown) =>
  typeof value === "number" || typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));

const equals: Compare = (actual, wanted) =>
  isPresent(actual) && isPresent(wanted) ? String(actual) === String(wanted) : isPresent(actual) === isPresent(wanted);

const folded = (value: unknown) => String(value).toLowerCase();
const containsText: Compare = (actual, wanted) => isPresent(actual) && folded(actual).includes(folded(wanted));

/** Of a list whether it holds just that, of text whether it holds that somewhere; in any case. */
const contains: Compare = (actual, wanted) =>
  Array.isArray(actual) ? actual.some((one) => folded(one) === folded(wanted)) : containsText(actual, wanted);

/** Numbers as numbers, everything else as text, which suits ISO dates; what is absent is neither more nor less. */
const ordered = (holds: (order: number) => boolean): Compare => (actual, wanted) => {
  if (!isPresent(actual) || !isPresent(wanted)) return false;
  if (isNumeric(actual) && isNumeric(wanted)) return holds(Number(actual) - Number(wanted));
  const [a, b] = [String(actual), String(wanted)];
  return holds(a < b ? -1 : a > b ? 1 : 0);
};

/** What a condition may ask of a value: what it is compared with, and when that holds; `private.are_conditions` lists the same. */
export const operators = {
  eq: { wanted: Scalar, holds: equals },
  neq: { wanted: Scalar, holds: (actual, wanted) => !equals(actual, wanted) },
  exists: { wanted: z.boolean(), holds: (actual, wanted) => isPresent(actual) === (wanted !== false) },
  not_exists: { wanted: z.boolean(), holds: (actual, wanted) => isPresent(actual) === (wanted === false) },
  gt: { wanted: Comparable, holds: ordered((order) => order > 0) },
  gte: { wanted: Comparable, holds: ordered((order) => order >= 0) },
  lt: { wanted: Comparable, holds: ordered((order) => order < 0) },
  lte: { wanted: Comparable, holds: ordered((order) => order <= 0) },
  contains: { wanted: Comparable, holds: contains },
  not_contains: { wanted: Comparable, holds: (actual, wanted) => !contains(actual, wanted) },
  contains_any: {
    wanted: z.array(Comparable).min(1).max(200),
    holds: (actual, wanted) => Array.isArray(wanted) && wanted.some((one) => contains(actual, one)),
  },
  contains_text: { wanted: Comparable, holds: containsText },
  in: {
    wanted: z.array(Scalar).min(1).max(200),
    holds: (actual, wanted) => Array.isArray(wanted) && wanted.some((one) => equals(actual, one)),
  },
} satisfies Record<string, Operator>;

const isOperator = (name: string): name is keyof typeof operators => Object.hasOwn(operators, name);

/** The first condition that does not hold, in words; null when all do. */
export function unmet(conditions: Conditions, values: Map<string, unknown>): string | null {
  for (const [path, wants] of Object.entries(conditions)) {
    for (const [operator, wanted] of Object.entries(wants)) {
      const holds = isOperator(operator) && values.has(path) && operators[operator].holds(values.get(path), wanted);
      if (!holds) return `The condition on ${path} (${operator}) does not hold.`;
    }
  }
  return null;
}
