import { Refusal, runProgram } from "./refusal.ts";

const usage = `Usage: deno task check
Says whether all is formatted, linted and well typed, and whether the generated types fit the migrations. deno task schema
--check and deno task lock --check do the same for the other generated files.`;

await runProgram(usage, async () => {
  for (const part of ["fmt --check", "lint", "check", "task types --check"]) {
    const { success } = await new Deno.Command(Deno.execPath(), { args: part.split(" ") }).spawn().status;
    if (!success) throw new Refusal(`deno ${part} found what to mend.`);
  }
});
