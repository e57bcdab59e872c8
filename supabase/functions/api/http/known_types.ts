import { ApiError } from "../contract/errors.ts";
import type { Database } from "../data/database.ts";
import type { Result } from "./endpoint.ts";

/** The answer of a list that is the same for every key, all on one page; throws 401 for a dead key. */
export async function listKnown(types: unknown[], database: Database): Promise<Result> {
  await database.confirmScope();
  const { length } = types;
  const pagination = { limit: length, total: length, has_more: false, next_cursor: null, prev_cursor: null };
  return { data: types, pagination };
}

/** The answer of one such type; throws 401 for a dead key, 404 for a type that is not known. */
export async function describeKnown<Type>(
  type: Type | null | undefined,
  describe: (type: Type) => unknown,
  database: Database,
): Promise<Result> {
  await database.confirmScope();
  if (!type) throw new ApiError("NOT_FOUND", "There is no such type.");
  return { data: describe(type) };
}
