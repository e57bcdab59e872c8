/** A reason not to go on that the person at the terminal can act on: printed as one sentence, without a stack. */
export class Refusal extends Error {
  override name = "Refusal";
}

/** Runs a command line program: a Refusal is printed to stderr as it is and ends the process with 1. */
export async function runProgram(program: () => Promise<void>): Promise<void> {
  try {
    await program();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
