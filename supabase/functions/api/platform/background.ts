const runtime: typeof globalThis & { EdgeRuntime?: { waitUntil(work: Promise<unknown>): void } } = globalThis;

/** Keeps the platform's runtime from ending the function before `work`, which never throws, is done. */
export function inBackground(work: Promise<void | unknown>): void {
  runtime.EdgeRuntime?.waitUntil(work);
}
