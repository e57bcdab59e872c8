import type { Config } from "../platform/config.ts";
import { ApiError } from "../contract/errors.ts";
import type { AddressOptions } from "./addresses.ts";

/** Where the webhooks of this deployment may go. */
export const allowedAddresses = (config: Config): AddressOptions => ({
  allowLoopback: config.allowLoopbackWebhooks,
  own: [config.publicUrl, config.supabase.url],
});

/** Throws 400 unless a webhook may go to `url`, which stands at `path` in the body. */
export async function requirePublicAddress(url: string, path: string, config: Config): Promise<void> {
  const { refusedAddress } = await import("./addresses.ts");
  const message = await refusedAddress(url, allowedAddresses(config));
  if (message) throw new ApiError("VALIDATION_ERROR", message, { details: [{ path, message }] });
}
