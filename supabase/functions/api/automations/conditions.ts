/** `{"path": {"operator": value}}`, see docs/guide.md, "Automations". */
type Conditions = Record<string, Record<string, unknown>>;

type Compare = (actual: unknown, wanted: unknown) => boolean;

const isPresent = (value: unknown) => value !== null && value !== undefined && value !== "";
const isNumeric = (value: unknown) =>
  typeof value === "number" || typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));

const equals: Compare = (actual, wanted) =>
  isPresent(actual) && isPresent(wanted) ? String(actual) === String(wanted) : isPresent(actual) === isPresent(wanted);

const contains: Compare = (actual, wanted) =>
  isPresent(actual) && String(actual).toLowerCase().includes(String(wanted).toLowerCase());

/** Numbers as numbers, everything else as text, which suits ISO dates; what is absent is neither more nor less. */
const ordered = (holds: (order: number) => boolean): Compare => (actual, wanted) => {
  if (!isPresent(actual) || !isPresent(wanted)) return false;
  if (isNumeric(actual) && isNumeric(wanted)) return holds(Number(actual) - Number(wanted));
  const [a, b] = [String(actual), String(wanted)];
  return holds(a < b ? -1 : a > b ? 1 : 0);
};

const operators: Record<string, Compare> = {
  eq: equals,
  neq: (actual, wanted) => !equals(actual, wanted),
  exists: (actual, wanted) => isPresent(actual) === (wanted !== false),
  not_exists: (actual, wanted) => isPresent(actual) === (wanted === false),
  gt: ordered((order) => order > 0),
  gte: ordered((order) => order >= 0),
  lt: ordered((order) => order < 0),
  lte: ordered((order) => order <= 0),
  contains,
  not_contains: (actual, wanted) => !contains(actual, wanted),
  in: (actual, wanted) => Array.isArray(wanted) && wanted.some((one) => equals(actual, one)),
};

/** The first condition that does not hold, in words; null when all do. */
export function unmet(conditions: Conditions, values: Map<string, unknown>): string | null {
  for (const [path, wants] of Object.entries(conditions)) {
    for (const [operator, wanted] of Object.entries(wants)) {
      const holds = Object.hasOwn(operators, operator) && values.has(path) &&
        operators[operator](values.get(path), wanted);
      if (!holds) return `The condition on ${path} (${operator}) does not hold.`;
    }
  }
  return null;
}
