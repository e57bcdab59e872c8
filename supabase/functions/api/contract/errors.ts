import type { Context } from "hono";
import { logError } from "../platform/log.ts";

/** Every error code with its status, and what a caller can do about it: docs/guide.md, "Errors". */
export const errorCodes = {
  INVALID_BODY: { status: 400, fix: "Send one JSON object as the body." },
  MISSING_FIELDS: { status: 400, fix: "Add the fields named in details.fields." },
  VALIDATION_ERROR: { status: 400, fix: "Correct what details.fields name." },
  UNAUTHORIZED: { status: 401, fix: "Send a valid API key as Authorization: Bearer <key>." },
  INSUFFICIENT_SCOPE: { status: 403, fix: "Use an API key that holds this scope." },
  INSUFFICIENT_CREDITS: { status: 403, fix: "Wait for the next month, or ask whoever runs this API for more." },
  NOT_FOUND: { status: 404, fix: "Check the id and the path; only rows of your own workspace exist for you." },
  METHOD_NOT_ALLOWED: { status: 405, fix: "Use one of the methods in the Allow header." },
  CONFLICT: { status: 409, fix: "Look at the row in the way, and change that one or your request." },
  EXPIRED: { status: 410, fix: "Ask for a new link." },
  PAYLOAD_TOO_LARGE: { status: 413, fix: "Send at most 256 kB." },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, fix: "Send the body as Content-Type: application/json, uncompressed." },
  RATE_LIMITED: { status: 429, fix: "Try again after the seconds in Retry-After." },
  INTERNAL_ERROR: { status: 500, fix: "Try again; if it stays, tell us the request_id." },
  UNAVAILABLE: { status: 503, fix: "Try again after the seconds in Retry-After." },
} as const;

export type ErrorCode = keyof typeof errorCodes;
export type Problem = { path: string; message: string };

type More = {
  /** What to do in this very case, where what the code says does not fit. */
  fix?: string;
  /** What would be accepted. */
  hint?: string;
  details?: Problem[];
  /** The accepted values or names, one by one. */
  available?: string[];
  /** The scope that the key lacks. */
  scope?: string;
  /** The budget that is spent. */
  budget?: string;
  /** The caller's own row that is in the way. */
  existingId?: string;
  headers?: Record<string, string>;
  /** What led to it: for the log, never for the caller. */
  cause?: unknown;
};

/** A refusal in the caller's words; `code` decides the status. */
export class ApiError extends Error {
  constructor(readonly code: ErrorCode, message: string, readonly more: More = {}) {
    super(message, { cause: more.cause });
  }
}

/** A row that would be there twice. */
export class DuplicateError extends ApiError {
  constructor(more: More) {
    super("CONFLICT", "A row like this exists already.", {
      ...(!more.existingId && { fix: "Use the row that exists, or change what may be there once only." }),
      ...more,
    });
  }
}

/** Whether `code` is one of our own, as refusals of the database carry it. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code);

const standardHeaders: Partial<Record<ErrorCode, Record<string, string>>> = {
  UNAUTHORIZED: { "WWW-Authenticate": "Bearer" },
  UNAVAILABLE: { "Retry-After": "2" },
};

/** Answers any error with our envelope, and logs those that are ours. */
export function answerError(error: unknown, c: Context): Response {
  const known = error instanceof ApiError
    ? error
    : new ApiError("INTERNAL_ERROR", "Something went wrong on our side.", { cause: error });
  const { status, fix } = { ...errorCodes[known.code], ...(known.more.fix && { fix: known.more.fix }) };
  const requestId = c.get("requestId");
  if (status >= 500) logFailure(known, requestId);

  const { hint, existingId, headers } = known.more;
  const details = detailsOf(known);
  return c.json(
    {
      error: {
        code: known.code,
        message: known.message,
        fix,
        ...(hint && { hint }),
        status,
        ...(details && { details }),
        ...(existingId && { existing_id: existingId }),
        docs: `${c.get("docs")}#${known.code}`,
        request_id: requestId,
      },
    },
    status,
    { ...standardHeaders[known.code], ...headers },
  );
}

// An object, and never an array: TrustPager's clients read `details.available` of whatever is there.
function detailsOf({ code, more: { details: fields, available, scope, budget } }: ApiError) {
  const details = {
    ...(fields?.length && { fields }),
    ...(available?.length && { available }),
    ...(budget && { budget }),
    ...(scope && { required_scopes: [scope] }),
    ...(code === "UNAUTHORIZED" && { auth_scheme: "Bearer" }),
  };
  return Object.keys(details).length > 0 ? details : null;
}

function logFailure({ code, message, more }: ApiError, requestId: string) {
  const cause = more.cause instanceof Error ? more.cause.stack : more.cause;
  logError(message, { request_id: requestId, code, cause });
}
