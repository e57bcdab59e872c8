import type { PostgrestSingleResponse } from "@supabase/supabase-js";
import type { Client } from "./clients.ts";
import type { Database } from "./database.ts";
import { DuplicateError } from "../contract/errors.ts";

/** For `.catch`: names the caller's own row in the way of a write, when `find` finds its id. */
export function conflictsWith(
  database: Database,
  find: (client: Client) => PromiseLike<PostgrestSingleResponse<string | null>>,
) {
  return async (error: unknown): Promise<never> => {
    if (!(error instanceof DuplicateError)) throw error;
    const { data } = await database.ask(find);
    throw new DuplicateError({ ...error.more, existingId: data ?? undefined });
  };
}
