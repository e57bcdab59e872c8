import { join } from "node:path";
import { keepGenerated, output, root } from "./generated.ts";
import { startStack } from "./stack.ts";

// `deno task types`: writes database.types.ts from a freshly migrated database, the embedded one or DATABASE_URL's. With
// --check it only says whether the file fits.
await keepGenerated("types", "supabase/functions/api/data/database.types.ts", async (folder) => {
  const databaseUrl = Deno.env.get("DATABASE_URL") || undefined;
  const stack = await startStack({ port: 0, dbPort: 0, data: folder, databaseUrl });
  try {
    const database = new URL(stack.databaseUrl);
    database.searchParams.set("sslmode", "disable");
    const generate = ["supabase@3.1.0", "gen", "types", "typescript", `--remote=${database}`, "--schema", "public"];
    const types = join(folder, "types.ts");
    await Deno.writeTextFile(types, await output("npx", ["-y", ...generate], { cwd: folder }));
    await output(Deno.execPath(), ["fmt", "--config", join(root, "deno.json"), types], { cwd: folder });
    return await Deno.readTextFile(types);
  } finally {
    await stack.stop();
  }
});
