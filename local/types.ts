import { join, resolve } from "node:path";
import { removeData } from "./postgres/home.ts";
import { Refusal, runProgram } from "./refusal.ts";
import { startStack } from "./stack.ts";

// `deno task types`: writes database.types.ts from a freshly migrated database, the embedded one or DATABASE_URL's. With
// --check it only says whether the file fits.
const root = resolve(import.meta.dirname ?? ".", "..");
const file = "supabase/functions/api/data/database.types.ts";

await runProgram(async () => {
  const folder = await Deno.makeTempDir({ prefix: "referrals-types-" });
  try {
    const types = await generate(folder);
    if (!Deno.args.includes("--check")) return await Deno.writeTextFile(join(root, file), types);
    const kept = await Deno.readTextFile(join(root, file)).catch(() => undefined);
    if (types !== kept) throw new Refusal(`${file} does not fit the migrations: run deno task types.`);
  } finally {
    await removeData(folder);
  }
});

async function generate(folder: string): Promise<string> {
  const databaseUrl = Deno.env.get("DATABASE_URL") || undefined;
  const stack = await startStack({ port: 0, dbPort: 0, data: folder, databaseUrl });
  try {
    const database = new URL(stack.databaseUrl);
    database.searchParams.set("sslmode", "disable");
    const generate = ["supabase@3.1.0", "gen", "types", "typescript", `--remote=${database}`, "--schema", "public"];
    const types = join(folder, "types.ts");
    await Deno.writeTextFile(types, await output("npx", ["-y", ...generate], folder));
    await output(Deno.execPath(), ["fmt", "--config", join(root, "deno.json"), types], folder);
    return await Deno.readTextFile(types);
  } finally {
    await stack.stop();
  }
}

async function output(program: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd }).output();
  if (!success) throw new Refusal(`${program} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout);
}
