/** A reason not to go on that the person at the terminal can act on: printed as one sentence, without a stack. */
export class Refusal extends Error {
  override name = "Refusal";
}

/**
 * Runs a command line program: `--help` prints its usage, and a Refusal is printed to stderr as it is and ends the process
 * with 1.
 */
export async function runProgram(usage: string, program: () => Promise<void>): Promise<void> {
  if (Deno.args.some((arg) => arg === "--help" || arg === "-h")) return console.log(usage);
  try {
    await program();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
