import { removeData } from "../../../local/postgres/home.ts";
import { runProgram } from "../../../local/refusal.ts";
import { startStack } from "../../../local/stack.ts";

const usage = `Usage: deno task mutations [--sample | WORD]
Weakens one layer of the defence at a time, on a stack of its own, and demands that a cell of the matrix goes red. All of
them, one of each kind with --sample, or those whose name holds WORD. Ends with 1 when one survives.`;

await runProgram(usage, async () => {
  const data = await Deno.makeTempDir({ prefix: "referrals-mutations-" });
  const stack = await startStack({ port: 0, dbPort: 0, mailPort: 0, data });
  const { signing, stop: _stop, ...rest } = stack;
  const secret = new TextDecoder().decode(signing.key as Uint8Array);
  Deno.env.set("TEST_STACK", JSON.stringify({ ...rest, signing: { alg: signing.alg, kid: signing.kid, secret } }));

  try {
    const { score } = await import("./score.ts");
    const [wanted = ""] = Deno.args;
    const { killed, survivors } = await score(wanted === "--sample" ? "sample" : wanted);
    for (const survivor of survivors) console.log(`survived: ${survivor}`);
    console.log(`${killed} of ${killed + survivors.length} mutants killed`);
    Deno.exitCode = survivors.length > 0 ? 1 : 0;
  } finally {
    await stack.stop();
    await removeData(data);
  }
});
