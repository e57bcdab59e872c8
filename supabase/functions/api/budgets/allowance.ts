import { z } from "zod";

const Budgets = z.object({ minute: z.number(), day: z.number() });

/** What `private.take_requests` gives. */
export const Allowance = z.object({
  taken: z.int(),
  limits: Budgets,
  remaining: Budgets,
  /** Seconds until one request more than `remaining`. */
  next_in: Budgets,
  /** Null for a key that is not metered. */
  credits_remaining: z.number().nullable(),
  charge: z.string().nullable(),
});
export type Allowance = z.output<typeof Allowance>;

type Name = keyof z.output<typeof Budgets>;
const budgets: Record<Name, { seconds: number; title: "requests_per_minute" | "requests_per_day" }> = {
  minute: { seconds: 60, title: "requests_per_minute" },
  day: { seconds: 86_400, title: "requests_per_day" },
};
const names = Object.keys(budgets) as Name[];

/** How a budget stands `age` seconds after an answer: its rate has given some back. */
function standing({ limits, remaining, next_in }: Allowance, name: Name, age: number) {
  const [most, left, next] = [limits[name], remaining[name], next_in[name]];
  if (left >= most) return { left: most, next: 0 };
  if (age < next) return { left, next: next - age };
  const step = budgets[name].seconds / most;
  const gained = 1 + Math.floor((age - next) / step);
  return left + gained >= most ? { left: most, next: 0 } : { left: left + gained, next: next + gained * step - age };
}

/**
 * `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers has them, `age` seconds after the answer, with
 * `leased` requests beside those that it left; `t` is when one more than `r` may be made.
 */
export function rateLimitHeaders(allowance: Allowance, age: number, leased: number): Record<string, string> {
  const { limits } = allowance;
  const states = names.map((name) => {
    const { left, next } = standing(allowance, name, age);
    return `"${name}";r=${Math.min(left + leased, limits[name])};t=${Math.ceil(next)}`;
  });
  return {
    "RateLimit-Policy": names.map((name) => `"${name}";q=${limits[name]};w=${budgets[name].seconds}`).join(", "),
    "RateLimit": states.join(", "),
  };
}

/** How many requests all budgets have room for, `age` seconds after the answer. */
export const roomIn = (allowance: Allowance, age: number) =>
  Math.min(...names.map((name) => standing(allowance, name, age).left));

/** Which budget is spent, and the whole seconds until it lets one more request through. */
export function spentBudget({ remaining, next_in }: Allowance) {
  const spent = names.filter((name) => remaining[name] < 1);
  const name = spent.includes("day") ? "day" : "minute";
  return { title: budgets[name].title, wait: Math.max(1, ...spent.map((name) => Math.ceil(next_in[name]))) };
}

/** Whether so much is left of every budget that some may be set aside. */
export const isPlenty = ({ remaining }: Allowance) => names.every((name) => remaining[name] > 16);
