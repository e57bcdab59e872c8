import { pause } from "../platform/pause.ts";
import { ApiError } from "../contract/errors.ts";

// PostgREST waits for up to 32 s before it looks for its database again.
const patience = 45_000;
const longestPause = 1_000;

/**
 * What `ask` gives, which must be safe to repeat: while the database is away it is repeated, with growing pauses, for 45 s.
 * `waits` is called before each of them. Throws what `ask` throws at last.
 */
export async function retryWhileAway<T>(ask: () => Promise<T>, waits: () => void = () => {}): Promise<T> {
  const end = performance.now() + patience;
  for (let wait = 100;; wait = Math.min(2 * wait, longestPause)) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof ApiError && error.code === "UNAVAILABLE";
      if (!isAway || performance.now() + wait > end) throw error;
      waits();
      await pause(wait);
    }
  }
}
