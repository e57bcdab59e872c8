import type { Context } from "hono";
import type { Config } from "../config.ts";

const hour = 3_600_000;
const mostRemembered = 10_000;

/** The caller's address: what the outermost proxy of ours saw, since a caller can write the rest of the header. */
export function callerAddress(c: Context, config: Config): string {
  const addresses = (c.req.header("x-forwarded-for") ?? "").split(",").map((address) => address.trim());
  return addresses.at(-config.trustedProxies) || "unknown";
}

const tries = new Map<string, { count: number; until: number }>();

/** Counts one try of an address; gives the seconds to wait when it has none left in this hour, else 0. */
export function countTry(address: string, config: Config): number {
  const now = Date.now();
  let window = tries.get(address);
  if (!window || window.until <= now) {
    if (tries.size >= mostRemembered) tries.clear();
    window = { count: 0, until: now + hour };
    tries.set(address, window);
  }
  window.count += 1;
  return window.count > config.publicFormTriesPerHour ? Math.ceil((window.until - now) / 1_000) : 0;
}
