import { createAdminClient } from "@supabase/server/core";
import type { Config } from "../platform/config.ts";
import { type Client, clientOptions } from "./clients.ts";
import { Database } from "./database.ts";
import type { Database as Schema } from "./database.types.ts";
import { ApiError } from "../contract/errors.ts";

const databases = new WeakMap<Config, Database>();

/**
 * The database as `service_role`: the outbox is every workspace's, and no caller stands behind a delivery or a run. That role
 * may execute the dispatcher's functions. Throws 503 without a secret key.
 */
export function serviceDatabase(config: Config): Database {
  let database = databases.get(config);
  if (!database) {
    if (Object.keys(config.secretKeys).length === 0) {
      throw new ApiError("UNAVAILABLE", "Events cannot be dispatched: SUPABASE_SECRET_KEYS is not set.");
    }
    const client: Client = createAdminClient<Schema>({
      env: { ...config.supabase, secretKeys: config.secretKeys },
      supabaseOptions: clientOptions(config),
    });
    databases.set(config, database = new Database(config, null, null, null, client));
  }
  return database;
}
