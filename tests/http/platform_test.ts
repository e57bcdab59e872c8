import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { chain, stack, world } from "../world/world.ts";

// The hosted platform runs a Deno of this line, on the function's folder alone.
const hosted = "deno@2.1.4";
const folder = join(import.meta.dirname ?? ".", "../../supabase/functions/api");

const { kid, secret } = stack.signing;
const k = btoa(secret).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const environment: Record<string, string> = {
  SUPABASE_URL: stack.url,
  SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
  SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secretKey }),
  SUPABASE_JWKS: JSON.stringify({ keys: [{ kty: "oct", alg: "HS256", kid, k }] }),
};

// The platform chooses the port itself: this stands for it, before the function's first line runs.
const chooseThePort = `
const serve = Deno.serve;
const address = { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) };
Deno.serve = (options, handler) => serve({ ...options, ...address }, handler);
await import(Deno.args[0]);
`;

Deno.test("the function's folder alone type-checks and serves alice on the platform's Deno", async () => {
  await using platform = await deploy();
  const { alice, bob } = await world();
  const { referral } = await chain(alice);
  await chain(bob);

  const checked = await platform.check();
  const origin = await platform.serve();
  const health = await fetch(`${origin}/api/v1/health`);
  const list = await fetch(`${origin}/api/v1/referrals`, { headers: { authorization: `Bearer ${alice.token}` } });
  const stranger = await fetch(`${origin}/api/v1/referrals`);

  assertEquals(checked, "");
  assertEquals([health.status, await health.json()], [200, { status: "ok" }]);
  assertEquals([list.status, (await list.json()).data], [200, [referral]]);
  assertEquals([stranger.status, (await stranger.json()).error.code], [401, "UNAUTHORIZED"]);
});

Deno.test("a variable that is missing or malformed stops the start with a sentence that names it alone", async () => {
  await using platform = await deploy();
  const { SUPABASE_URL: _url, ...withoutUrl } = environment;
  const { SUPABASE_PUBLISHABLE_KEYS: _keys, ...withoutKeys } = environment;
  const { SUPABASE_JWKS: _jwks, ...withoutJwks } = environment;

  const [url, keys, jwks, noUrl, noKeys, noSet] = await Promise.all(
    [
      withoutUrl,
      withoutKeys,
      withoutJwks,
      { ...environment, SUPABASE_URL: "the project" },
      { ...environment, SUPABASE_PUBLISHABLE_KEYS: "{" },
      { ...environment, SUPABASE_JWKS: '{"keys": "none"}' },
    ].map((given) => platform.refuses(given)),
  );

  assertEquals(url, "SUPABASE_URL is missing.");
  assertEquals(keys, "SUPABASE_PUBLISHABLE_KEYS is missing.");
  assertEquals(jwks, "SUPABASE_JWKS is missing.");
  assertEquals(noUrl, "SUPABASE_URL must be a URL.");
  assertEquals(noKeys, "SUPABASE_PUBLISHABLE_KEYS is not JSON.");
  assertEquals(noSet, "SUPABASE_JWKS is not a JSON Web Key Set.");
});

/** A copy of the function's folder, and nothing else of the project, under the platform's Deno. */
async function deploy() {
  const place = await Deno.makeTempDir({ prefix: "referrals-platform-" });
  const copy = join(place, "api");
  const platform = join(place, "platform.js");
  await cp(folder, copy, { recursive: true });
  await Deno.writeTextFile(platform, chooseThePort);
  const args = ["-y", "--loglevel=error", hosted, "eval", "console.log(Deno.execPath())"];
  const npx = await new Deno.Command("npx", { args, cwd: place, stderr: "inherit" }).output();
  const deno = new TextDecoder().decode(npx.stdout).trim();
  // By itself this version trusts Mozilla's authorities only, not those that the machine trusts for its downloads.
  const env = { NO_COLOR: "1", DENO_TLS_CA_STORE: "system,mozilla" };
  const ask = (...args: string[]) => new Deno.Command(deno, { args, cwd: copy, env }).output();
  const cached = await ask("cache", "--quiet", "--frozen", "index.ts");
  assert(cached.success, new TextDecoder().decode(cached.stderr));
  const servers: Deno.ChildProcess[] = [];

  const start = (given: Record<string, string>, stderr: "inherit" | "piped") => {
    const allowed = ["--no-prompt", "--allow-net", "--allow-env", "--allow-read"];
    const server = new Deno.Command(deno, {
      args: ["run", ...allowed, "--config", join(copy, "deno.json"), platform, `file://${copy}/index.ts`],
      clearEnv: true,
      env: { ...itsCache(), NO_COLOR: "1", ...given },
      stdout: "piped",
      stderr,
    }).spawn();
    servers.push(server);
    return server;
  };

  return {
    /** What the type check finds. */
    async check(): Promise<string> {
      const { success, stderr } = await ask("check", "--quiet", "index.ts");
      return success ? "" : new TextDecoder().decode(stderr);
    },

    /** Starts the function with the platform's environment and gives its origin. */
    async serve(): Promise<string> {
      const reader = start(environment, "inherit").stdout.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      assert(value, "the function has not started");
      return `http://127.0.0.1:${Number(new TextDecoder().decode(value))}`;
    },

    /** Starts the function with an environment that it must not accept, and gives what it says about it. */
    async refuses(given: Record<string, string>): Promise<string> {
      const { code, stderr } = await start(given, "piped").output();
      const [sentence] = new TextDecoder().decode(stderr).split("\n");
      const opening = "Error: The function cannot start: ";
      assertEquals(code, 1);
      assertStringIncludes(sentence, opening);
      return sentence.slice(sentence.indexOf(opening) + opening.length);
    },

    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        try {
          server.kill("SIGKILL");
        } catch { /* it has ended */ }
        await server.status;
      }
      await Deno.remove(place, { recursive: true });
    },
  };
}

/** Where Deno itself keeps what it has downloaded; not the function's business. */
function itsCache(): Record<string, string> {
  const names = ["HOME", "DENO_DIR", "XDG_CACHE_HOME"].filter((name) => Deno.env.has(name));
  return Object.fromEntries(names.map((name) => [name, Deno.env.get(name)!]));
}
