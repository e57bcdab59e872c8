import { cp } from "node:fs/promises";
import { join } from "node:path";
import { keepGenerated, output, root } from "./generated.ts";

const folder = join(root, "supabase/functions/api");

/** The Deno of the hosted platform's line: it reads the lock beside the function, and no newer form of one. */
const hosted = "deno@2.1.4";

// `deno task lock`: writes the lock of the function's folder alone, as it is deployed; what is locked already stays as it is.
await keepGenerated("lock", "supabase/functions/api/deno.lock", async (place) => {
  const copy = join(place, "api");
  await cp(folder, copy, { recursive: true });
  // By itself this version trusts Mozilla's authorities only, not those that the machine trusts for its downloads.
  const env = { DENO_TLS_CA_STORE: "system,mozilla" };
  await output("npx", ["-y", hosted, "cache", "--quiet", "index.ts"], { cwd: copy, env });
  return await Deno.readTextFile(join(copy, "deno.lock"));
});
