import { ApiError } from "../contract/errors.ts";

const patience = 20_000;
const longestPause = 1_000;

/**
 * What `ask` gives, which must be safe to repeat: while the database is away it is repeated, with growing pauses, for 20 s.
 * `waits` is called before each of them. Throws what `ask` throws at last.
 */
export async function insist<T>(ask: () => Promise<T>, waits: () => void = () => {}): Promise<T> {
  const end = performance.now() + patience;
  for (let pause = 100;; pause = Math.min(2 * pause, longestPause)) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof ApiError && error.code === "UNAVAILABLE";
      if (!isAway || performance.now() + pause > end) throw error;
      waits();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
