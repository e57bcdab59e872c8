import type { PostgrestSingleResponse } from "@supabase/supabase-js";
import { ApiError, DuplicateError, isErrorCode } from "../contract/errors.ts";
import { Id } from "../contract/values.ts";
import { fieldOfReference } from "./references.ts";

export const outOfReach = (cause: unknown) =>
  new ApiError("UNAVAILABLE", "The database is out of reach or busy.", { cause });
export const missing = () => new ApiError("NOT_FOUND", "There is no such row in your workspace.");

const isUnavailable = /^(|SUP|PGRST00[0-3]|08...|40...|53...|55P03|57...|58...)$/;
const isBadToken = /^PGRST30[0-3]$/;

/** What an error of the data API is to the caller, by its SQLSTATE; the database's own words reach the log only. */
export function asApiError({ error, status }: PostgrestSingleResponse<unknown>): ApiError {
  const { code = "", message, details, hint } = error!;
  // Details of constraint violations quote the caller's data: they stay out of the log.
  const cause = { status, code, message };
  if (isErrorCode(code)) {
    if (code === "RATE_LIMITED") return spent(message, String(details), cause);
    const named = typeof details === "string" && details ? details : undefined;
    if (code === "INSUFFICIENT_SCOPE") return new ApiError(code, message, { scope: named, cause });
    const existingId = Id.safeParse(named).data;
    return new ApiError(code, message, {
      // A hint of the database lists what is accepted, or says what to do.
      ...(hint && (hint.startsWith("Accepted: ") ? { hint } : { fix: hint })),
      // The database names a field, or the row in the way.
      details: named && !existingId ? [{ path: named, message }] : undefined,
      existingId,
      cause,
    });
  }
  if (isBadToken.test(code)) {
    return new ApiError("UNAUTHORIZED", "This API key was refused by the database.", { cause });
  }
  if (isUnavailable.test(code)) return outOfReach(cause);
  if (code === "23503") return missingReference(message, cause);
  if (code === "23505") return new DuplicateError({ cause });
  if (code === "23502") return wrongValue("A value that must be there is missing.", cause);
  if (code === "23514") return failedCheck(message, cause);
  if (code.startsWith("22")) return wrongValue("A value is out of range.", cause);
  return new ApiError("INTERNAL_ERROR", "Something went wrong on our side.", { cause });
}

// Which one, the database does not say.
const wrongValue = (message: string, cause: unknown) =>
  new ApiError("VALIDATION_ERROR", message, { fix: "Compare each value with what /docs says of its field.", cause });

// A budget of a day ends at midnight UTC, as `private.take_mail` has it; a statement of one's own in a moment.
function spent(message: string, budget: string, cause: unknown): ApiError {
  const now = new Date();
  const wait = budget.startsWith("mails_") ? (new Date(now).setUTCHours(24, 0, 0, 0) - now.getTime()) / 1_000 : 1;
  return new ApiError("RATE_LIMITED", message, { budget, headers: { "Retry-After": String(Math.ceil(wait)) }, cause });
}

// Under row level security Postgres tells no more than the name of the foreign key.
function missingReference(text: string, cause: unknown): ApiError {
  const [, name = ""] = /constraint "(\w+)"/.exec(text) ?? [];
  const path = fieldOfReference.get(name);
  const message = `${path ?? "A reference"} names no row of your workspace.`;
  return new ApiError("NOT_FOUND", message, { details: path ? [{ path, message }] : undefined, cause });
}

// A check is named for its table and column, unless it is of several.
const checksOfSeveral: Record<string, { path: string; message: string }> = {
  crm_deals_decimals_check: { path: "value", message: "has more decimals than its currency" },
};

function failedCheck(text: string, cause: unknown): ApiError {
  const [, table = "", name = ""] = /relation "(\w+)" violates check constraint "(\w+)"/.exec(text) ?? [];
  const column = name.startsWith(`${table}_`) ? /^(\w+)_check\d*$/.exec(name.slice(table.length + 1))?.[1] : undefined;
  const problem = checksOfSeveral[name] ?? (column && { path: column, message: "is not allowed here" });
  if (!problem) return wrongValue("A value is not allowed here.", cause);
  return new ApiError("VALIDATION_ERROR", `${problem.path} ${problem.message}.`, { details: [problem], cause });
}
