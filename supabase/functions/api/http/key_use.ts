import { BoundedMap } from "../platform/bounded_map.ts";
import { inBackground } from "../platform/background.ts";
import type { ApiKey } from "../data/clients.ts";
import type { Database } from "../data/database.ts";

const interval = 60_000;
const noted = new BoundedMap<string, number>(1_000);

/** Stamps the key's `last_used_at` beside the answer, at most once a minute for a key; what fails is left to the next. */
export function noteKeyUse({ id }: ApiKey, database: Database): void {
  if (Date.now() - (noted.get(id) ?? 0) < interval) return;
  noted.set(id, Date.now());
  inBackground(database.ask((client) => client.rpc("note_key_use")).catch(() => {}));
}
