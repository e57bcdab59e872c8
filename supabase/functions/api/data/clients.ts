import { createContextClient } from "@supabase/server/core";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Config } from "../platform/config.ts";
import { inSlots, type Send } from "./slots.ts";
import type { Database as Schema } from "./database.types.ts";

/**
 * A caller whose token is genuine: one object for all requests by that token, for as long as it is remembered. Whether the
 * key still lives, and holds its scopes, only the database knows.
 */
export type ApiKey = { id: string; companyId: string; token: string; scopes: string[]; expires: number };

export type Client = SupabaseClient<Schema>;

// Making a client costs a quarter of a request. It holds nothing but the caller's token, and goes when that is forgotten.
const clients = new WeakMap<ApiKey | Config, Client>();

/** The client of a key's holder; without a key, anon's. */
export function clientOf(config: Config, key: ApiKey | null): Client {
  let client = clients.get(key ?? config);
  if (!client) {
    client = createContextClient<Schema>({
      auth: { token: key?.token ?? null },
      env: config.supabase,
      supabaseOptions: key ? optionsWith(inSlots(fetchWithin(config.databaseTimeout))) : clientOptions(config),
    });
    clients.set(key ?? config, client);
  }
  return client;
}

export const clientOptions = (config: Config) => optionsWith(fetchWithin(config.patientTimeout));

const optionsWith = (fetch: Send) => ({
  // supabase-js repeats reads up to three times over seven seconds: longer than a caller should wait for a 503.
  db: { retry: false },
  global: { fetch },
});

// supabase-js's own timeout ends with the headers of an answer; this one holds for the body too. Not AbortSignal.timeout:
// its timers outlive their requests by seconds, thousands of them under load.
const fetchWithin = (milliseconds: number): Send => async (url, init) => {
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), milliseconds);
  try {
    const response = await fetch(url, { ...init, signal: cut.signal });
    const text = response.body ? await response.text() : "";
    response.text = () => Promise.resolve(text);
    return response;
  } finally {
    clearTimeout(timer);
  }
};
