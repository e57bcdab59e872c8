import { createHmac } from "node:crypto";
import { z } from "zod";
import { serviceDatabase } from "../data/service_database.ts";
import type { Config } from "../platform/config.ts";
import { triesOf } from "./rate_limit.ts";

const keys = new WeakMap<Config, string>();

/**
 * Headers that tell the database from which address a form is sent, and how often it may be, so that the limit holds over all
 * isolates. None where the function has no secret key, or the database does not answer: it counts the address as unknown then.
 */
export async function signedAddress(address: string, config: Config): Promise<Record<string, string>> {
  const key = keys.get(config) ?? await fetchKey(config);
  if (!key) return {};
  const told = `${address} ${triesOf(address, config)}`;
  const signature = createHmac("sha256", key).update(told).digest("hex");
  return { "x-client-address": told, "x-client-address-signature": signature };
}

async function fetchKey(config: Config): Promise<string | null> {
  if (Object.keys(config.secretKeys).length === 0) return null;
  const asked = serviceDatabase(config).value(z.string(), (client) => client.rpc("form_address_key"));
  const key = await asked.catch(() => null);
  if (key) keys.set(config, key);
  return key;
}
