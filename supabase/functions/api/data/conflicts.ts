import type { Database, Query } from "./database.ts";
import { DuplicateError } from "../contract/errors.ts";

/** For `.catch`: names the caller's own row in the way of a write, when `find` finds its id. */
export function conflictsWith(
  database: Database,
  find: Query<string | null>,
) {
  return async (error: unknown): Promise<never> => {
    if (!(error instanceof DuplicateError)) throw error;
    const { data } = await database.ask(find);
    throw new DuplicateError({ ...error.more, existingId: data ?? undefined });
  };
}
