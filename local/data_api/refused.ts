import postgres from "postgres";

interface Told {
  code: string;
  message: string;
  details: string | null;
  hint: string | null;
}

/** An answer that @supabase/lite gives as it is: it has the form of a refusal by the database's own `raise sqlstate 'PGRST'`. */
export class Refused extends Error {
  readonly code = "PGRST";
  readonly detail: string;

  constructor(status: number, told: Told, cause: unknown) {
    super(JSON.stringify(told), { cause });
    this.detail = JSON.stringify({ status, headers: {} });
  }
}

/** What PostgREST answers without a database. */
export function outOfReach(cause: Error): Refused {
  const message = "Database connection error. Retrying the connection.";
  return new Refused(503, { code: "PGRST001", message, details: cause.message, hint: null }, cause);
}

/** An error of the database as PostgREST answers it; all others, and those that @supabase/lite answers so itself, stay. */
export function asPostgrestSays(error: unknown): unknown {
  if (!(error instanceof postgres.PostgresError) || /^(42|PT|PGRST)/.test(error.code)) return error;
  const { code, message, detail, hint } = error;
  return new Refused(statusOf(error), { code, message, details: detail ?? null, hint: hint ?? null }, error);
}

// From PostgREST's documentation, "HTTP Status Codes"; the first that fits, else 400.
const statuses: [code: RegExp, status: number][] = [
  [/^(08|57P01)/, 503],
  [/^(0L|0P|28)/, 403],
  [/^(23503|23505)/, 409],
  [/^25006/, 405],
  [/^53400/, 500],
  [/^P0001/, 400],
  [/^53/, 503],
  [/^(09|21|25|2D|38|39|3B|40|54|55|57|58|F0|HV|P0|XX)/, 500],
];

function statusOf({ code, message }: postgres.PostgresError): number {
  if (code === "22023" && /^role .* does not exist$/.test(message)) return 401;
  if (code === "21000" && message.endsWith("requires a WHERE clause")) return 400;
  return statuses.find(([pattern]) => pattern.test(code))?.[1] ?? 400;
}
