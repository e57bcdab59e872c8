import type { Leashed } from "./leash.ts";

export interface Running extends Leashed {
  /** Whether it came to do its work; known at the latest when it ends. */
  cameUp: Promise<boolean>;
}

/**
 * Starts a program again whenever it ends: at once when it had come up, after 0.5 s when it had not, and twice as long for each
 * time in a row, up to 30 s. Gives what ends it for good.
 */
export function keepRunning(name: string, first: Running, start: () => Promise<Running>): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  let running = first;

  async function watch(): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      const code = await running.ended;
      await running.end();
      if (signal.aborted) return;
      failures = await running.cameUp ? 0 : failures + 1;
      const wait = failures && Math.min(250 * 2 ** failures, 30_000);
      console.error(`${name} ended with exit code ${code}; it starts again ${wait ? `in ${wait / 1000} s` : "now"}.`);
      await pause(wait, signal);
      if (!signal.aborted) running = await start();
    }
    await running.end();
  }

  const watched = watch();
  return async () => {
    stopping.abort();
    await running.end();
    await watched;
  };
}

export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
