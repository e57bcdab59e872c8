import type { Context } from "hono";
import type { Config } from "../platform/config.ts";

/** The caller's address: what the outermost proxy of ours saw, since a caller can write the rest of the header. */
export function callerAddress(c: Context, config: Config): string {
  const addresses = (c.req.header("x-forwarded-for") ?? "").split(",").map((address) => address.trim());
  return addresses.at(-config.trustedProxies) || "unknown";
}
