import type { Context } from "hono";
import type { Config } from "../platform/config.ts";

/**
 * The caller's address as a proxy of ours tells it: in `X-Forwarded-For`, which a caller can begin as they like, the one that the
 * outermost of them appended; in any other header the last. Empty where there is none.
 */
export function callerAddress(c: Context, { clientAddressHeader, trustedProxies }: Config): string {
  const addresses = (c.req.header(clientAddressHeader) ?? "").split(",").map((address) => address.trim());
  return addresses.at(clientAddressHeader === "x-forwarded-for" ? -trustedProxies : -1) ?? "";
}
