import { ApiError } from "../contract/errors.ts";
import type { Database } from "../data/database.ts";
import type { ListPage } from "../data/lists.ts";

/** The answer of a list that is the same for every key, all on one page; throws 401 for a dead key. */
export async function listKnown<Type>(types: Type[], database: Database): Promise<ListPage<Type>> {
  await database.confirmScope();
  const { length } = types;
  const pagination = { limit: length, total: length, has_more: false, next_cursor: null, prev_cursor: null };
  return { data: types, pagination };
}

/** The answer of one such type; throws 401 for a dead key, 404 for a type that is not known. */
export async function describeKnown<Type, Description>(
  type: Type | null | undefined,
  describe: (type: Type) => Description,
  database: Database,
  known: readonly string[],
): Promise<{ data: Description }> {
  await database.confirmScope();
  if (!type) {
    throw new ApiError("NOT_FOUND", "There is no such type.", {
      fix: "Take a name from the list of these types.",
      hint: `Known: ${known.join(", ")}`,
      available: [...known],
    });
  }
  return { data: describe(type) };
}
