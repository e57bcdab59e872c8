import type { PostgrestSingleResponse } from "@supabase/supabase-js";
import { ApiError, DuplicateError, isErrorCode } from "../contract/errors.ts";
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
    const path = typeof details === "string" && details ? details : undefined;
    if (code === "INSUFFICIENT_SCOPE") return new ApiError(code, message, { scope: path, cause });
    return new ApiError(code, message, {
      hint: hint || undefined,
      details: path ? [{ path, message }] : undefined,
      cause,
    });
  }
  if (isBadToken.test(code)) {
    return new ApiError("UNAUTHORIZED", "This API key was refused by the database.", { cause });
  }
  if (isUnavailable.test(code)) return outOfReach(cause);
  if (code === "23503") return missingReference(message, cause);
  if (code === "23505") return new DuplicateError({ cause });
  if (code === "23502") return new ApiError("VALIDATION_ERROR", "A value that must be there is missing.", { cause });
  if (code === "23514") return new ApiError("VALIDATION_ERROR", "A value is not allowed here.", { cause });
  if (code.startsWith("22")) return new ApiError("VALIDATION_ERROR", "A value is out of range.", { cause });
  return new ApiError("INTERNAL_ERROR", "Something went wrong on our side.", { cause });
}

// Under row level security Postgres tells no more than the name of the foreign key.
function missingReference(text: string, cause: unknown): ApiError {
  const [, name = ""] = /constraint "(\w+)"/.exec(text) ?? [];
  const path = fieldOfReference.get(name);
  const message = `${path ?? "A reference"} names no row of your workspace.`;
  return new ApiError("NOT_FOUND", message, { details: path ? [{ path, message }] : undefined, cause });
}
