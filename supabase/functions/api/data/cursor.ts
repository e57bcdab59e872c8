import { decodeBase64Url, encodeBase64Url } from "hono/utils/encode";
import { z } from "zod";
import { ApiError } from "../contract/errors.ts";
import { Timestamp } from "../contract/values.ts";

/** A place in a list: the last row seen, and when a paging by `updated_at` began, so that a row changed since stays out. */
export type Cursor = { at: string; id: string; began: string | null };

type CursorName = "after" | "cursor" | "before";

const Parts = z.tuple([z.string(), Timestamp, z.guid(), Timestamp.nullable()]);

/** An opaque cursor that only the list, sort and filters of `query` accept. */
export function writeCursor(query: string, { at, id, began }: Cursor): string {
  const place = [at, id, began];
  return encodeBase64Url(new TextEncoder().encode(JSON.stringify([digest(query, place), ...place])).buffer).replaceAll(
    "=",
    "",
  );
}

/** Throws 400 for a cursor that is garbled, or of another list, sort or filter. */
export function readCursor(query: string, path: CursorName, text: string): Cursor {
  const [of, at, id, began] = parse(path, text);
  if (of !== digest(query, [at, id, began])) throw refusal(path, "is a cursor of another list, sort or filter");
  return { at, id, began };
}

function parse(path: string, text: string) {
  try {
    return Parts.parse(JSON.parse(new TextDecoder().decode(decodeBase64Url(text))));
  } catch {
    throw refusal(path, "is not a cursor of this list");
  }
}

const refusal = (path: string, message: string) =>
  new ApiError("VALIDATION_ERROR", `${path} ${message}.`, {
    details: [{ path, message }],
    hint: "Use next_cursor or prev_cursor of a page with the same sort, order and filters.",
  });

// FNV-1a: tells queries apart, and mistakes. Nothing hangs on its strength, row level security guards the rows.
function digest(query: string, place: unknown[]): string {
  const text = query + JSON.stringify(place);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}
