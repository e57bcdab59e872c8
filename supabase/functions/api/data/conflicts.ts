import type { Database, Query } from "./database.ts";
import { DuplicateError, type Problem } from "../contract/errors.ts";

/** For `.catch`: names the caller's own row in the way of a write, when `find` finds its id, and the field that is `taken`. */
export function conflictsWith(
  database: Database,
  find: Query<string | null>,
  taken?: Problem,
) {
  return async (error: unknown): Promise<never> => {
    if (!(error instanceof DuplicateError)) throw error;
    const { data } = await database.ask(find);
    throw new DuplicateError({ ...error.more, existingId: data ?? undefined, details: taken && [taken] });
  };
}
