import { join, resolve } from "node:path";
import { removeData } from "./postgres/home.ts";
import { Refusal, runProgram } from "./refusal.ts";

/** The project's folder. */
export const root = resolve(import.meta.dirname ?? ".", "..");

/**
 * The program `deno task <task>`, which writes a file of the project that follows from others; with --check it only says
 * whether the file fits. `generate` gets a folder for what it needs meanwhile.
 */
export async function keepGenerated(
  task: string,
  file: string,
  generate: (folder: string) => Promise<string>,
): Promise<void> {
  const usage = `Usage: deno task ${task} [--check]
Writes ${file} anew from what it follows from; with --check it only says whether the file fits.`;
  await runProgram(usage, async () => {
    const folder = await Deno.makeTempDir({ prefix: `referrals-${task}-` });
    try {
      const text = await generate(folder);
      if (!Deno.args.includes("--check")) return await Deno.writeTextFile(join(root, file), text);
      const kept = await Deno.readTextFile(join(root, file)).catch(() => undefined);
      if (text !== kept) throw new Refusal(`${file} is not what it follows from: run deno task ${task}.`);
    } finally {
      await removeData(folder);
    }
  });
}

/** What a program prints. Throws a Refusal with its complaint when it fails, or is not there. */
export async function output(program: string, args: string[], options: Deno.CommandOptions = {}): Promise<string> {
  const { success, stdout, stderr } = await run(program, args, options);
  if (!success) throw new Refusal(`${program} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr).trim()}`);
  return new TextDecoder().decode(stdout);
}

async function run(program: string, args: string[], options: Deno.CommandOptions): Promise<Deno.CommandOutput> {
  try {
    return await new Deno.Command(program, { ...options, args }).output();
  } catch (error) {
    throw new Refusal(`${program} cannot be run: ${error instanceof Error ? error.message : error}`);
  }
}
