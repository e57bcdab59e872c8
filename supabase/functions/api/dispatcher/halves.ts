import { ApiError } from "../contract/errors.ts";

/**
 * Does `work` with all of `items`; when that fails, with each half of them, down to the one that fails, which `failed` gets: one
 * row that cannot be read or written holds no others up. It gets all that are left when the database is away. Never throws.
 */
export async function eachOrHalves<Item>(
  items: Item[],
  work: (items: Item[]) => Promise<unknown>,
  failed: (items: Item[], error: unknown) => void,
): Promise<void> {
  if (items.length === 0) return;
  try {
    await work(items);
  } catch (error) {
    if (items.length === 1 || isAway(error)) return failed(items, error);
    const middle = Math.ceil(items.length / 2);
    await eachOrHalves(items.slice(0, middle), work, failed);
    await eachOrHalves(items.slice(middle), work, failed);
  }
}

export const isAway = (error: unknown) => error instanceof ApiError && error.code === "UNAVAILABLE";
