import { removeData } from "../local/postgres_home.ts";
import { startStack } from "../local/stack.ts";

// Starts a stack of its own, runs the tests given (all of them by default) against it, and ends it: `deno task test`.
const data = await Deno.makeTempDir({ prefix: "referrals-test-" });
const stack = await startStack({ port: 0, dbPort: 0, data });
try {
  const { signing, stop: _stop, ...rest } = stack;
  const secret = new TextDecoder().decode(signing.key as Uint8Array);
  const tests = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", ...(Deno.args.length > 0 ? Deno.args : ["tests/"])],
    env: { TEST_STACK: JSON.stringify({ ...rest, signing: { alg: signing.alg, kid: signing.kid, secret } }) },
  }).spawn();
  Deno.exitCode = (await tests.status).code;
} finally {
  await stack.stop();
  await removeData(data);
}
