import { glob } from "node:fs/promises";
import { removeData } from "../local/postgres/home.ts";
import { runProgram } from "../local/refusal.ts";
import { startStack } from "../local/stack.ts";

const usage = `Usage: deno task test [PATH]… [FLAG]…
Starts a stack of its own, runs all tests, or those of the files and folders named, against it, and ends it. Flags are
those of deno test, such as --filter. Tests in a browser need a Chromium: /usr/bin/chromium, or what CHROMIUM names.
FULL=1 runs the long forms.`;

await runProgram(usage, async () => {
  const data = await Deno.makeTempDir({ prefix: "referrals-test-" });
  const stack = await startStack({ port: 0, dbPort: 0, data });
  try {
    const { signing, stop: _stop, ...rest } = stack;
    const secret = new TextDecoder().decode(signing.key as Uint8Array);
    const tests = new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", ...await withoutBrowser(), ...(Deno.args.length > 0 ? Deno.args : ["tests/"])],
      env: { TEST_STACK: JSON.stringify({ ...rest, signing: { alg: signing.alg, kid: signing.kid, secret } }) },
    }).spawn();
    Deno.exitCode = (await tests.status).code;
  } finally {
    await stack.stop();
    await removeData(data);
  }
});

/** Leaves out what needs Chromium where there is none, and says so; CI has one, and fails without. */
async function withoutBrowser(): Promise<string[]> {
  const chromium = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";
  if (Deno.env.get("CI") || await Deno.stat(chromium).then(() => true, () => false)) return [];
  const files: string[] = [];
  for (const file of await Array.fromAsync(glob("tests/*/*_test.ts"))) {
    if ((await Deno.readTextFile(file)).includes('/world/chromium.ts"')) files.push(file);
  }
  console.error(`There is no ${chromium} (CHROMIUM may name another): left out are ${files.join(", ")}.`);
  return [`--ignore=${files}`];
}
