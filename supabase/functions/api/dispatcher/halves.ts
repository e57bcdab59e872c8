import { ApiError } from "../contract/errors.ts";
import { retryWhileAway } from "./retry_while_away.ts";

/** `isThere`: the database answers, so that it is these items that it fails at. */
type Failed<Item> = (items: Item[], error: unknown, isThere: boolean) => void;

/**
 * Does `work` with all of `items`; when that fails, with each half of them, down to the one that fails, which `failed` gets: one
 * row that cannot be read or written holds no others up. While the database is away, which `work` with nothing shows, it is
 * waited for, and `waits` is called; when it stays away `failed` gets them all. Never throws.
 */
export async function eachOrHalves<Item>(
  items: Item[],
  work: (items: Item[]) => Promise<unknown>,
  failed: Failed<Item>,
  waits: () => void = () => {},
): Promise<void> {
  if (items.length === 0) return;
  try {
    return void await work(items);
  } catch (error) {
    let hasWaited = false;
    const noteWait = () => {
      hasWaited = true;
      waits();
    };
    try {
      if (isAway(error)) await retryWhileAway(() => work([]), noteWait);
    } catch {
      return failed(items, error, false);
    }
    if (hasWaited) return await eachOrHalves(items, work, failed, waits);
    if (items.length === 1) return failed(items, error, true);
  }
  const middle = Math.ceil(items.length / 2);
  await eachOrHalves(items.slice(0, middle), work, failed, waits);
  await eachOrHalves(items.slice(middle), work, failed, waits);
}

export const isAway = (error: unknown) => error instanceof ApiError && error.code === "UNAVAILABLE";
