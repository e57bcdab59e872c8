import { join } from "node:path";
import { parseEnv } from "node:util";
import { keepRunning, pause, type Running } from "./keep_running.ts";
import { leash, type Leashed } from "./leash.ts";
import { answers, claimPort } from "./ports.ts";
import type { Secrets } from "./secrets.ts";

export interface EdgeFunction {
  /** Where it listens. */
  origin: string;
  stop(): Promise<void>;
}

export interface Surroundings {
  /** Where the platform's APIs are. */
  url: string;
  /** Where mails go. */
  mailUrl: string;
  secrets: Secrets;
}

/** Runs the function with the environment that the platform gives it, and again when it crashes. */
export async function startFunction(supabase: string, surroundings: Surroundings): Promise<EdgeFunction> {
  const { url, mailUrl, secrets } = surroundings;
  const port = claimPort(0, "--port");
  const env = {
    RESEND_API_KEY: "re_local",
    RESEND_BASE_URL: mailUrl,
    MAIL_FROM: "referrals@harbourhealth.example",
    // Everybody here calls from one address.
    PUBLIC_FORM_TRIES_PER_HOUR: "1000000",
    // The receivers of somebody who tries webhooks are on this machine.
    ALLOW_LOOPBACK_WEBHOOKS: "true",
    ...await ownVariables(supabase),
    ...denoVariables(),
    DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: secrets.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: secrets.secretKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: [publicKey(secrets)] }),
  };
  const folder = join(supabase, "functions", "api");
  const entry = join(folder, "index.ts");
  // Downloads go by this process's proxy and registry, which the function's environment lacks.
  await new Deno.Command(Deno.execPath(), { args: ["cache", "--quiet", entry], stdout: "inherit", stderr: "inherit" })
    .output();
  function run(): Running {
    const permissions = ["--allow-net", "--allow-env", "--allow-read"];
    const args = ["run", "--no-prompt", "--unstable-no-legacy-abort", ...permissions, entry];
    const process = leash(Deno.execPath(), args, { env, cwd: folder, signal: "TERM" });
    return { ...process, cameUp: answersBeforeItEnds(port, process) };
  }

  const first = run();
  const stop = keepRunning("The function", first, () => Promise.resolve(run()));
  await first.cameUp;
  return { origin: `http://127.0.0.1:${port}`, stop };
}

/** Says whether it came to listen within 15 s: callers get a 503 until it answers. */
async function answersBeforeItEnds(port: number, process: Leashed): Promise<boolean> {
  let ended = false;
  process.ended.then(() => ended = true);
  for (const deadline = Date.now() + 15_000; !ended && Date.now() < deadline;) {
    if (await answers(port)) return true;
    await pause(20);
  }
  return false;
}

/** The variables of `supabase/functions/.env`, which the CLI reads too; the platform owns the names it starts with. */
async function ownVariables(supabase: string): Promise<Record<string, string>> {
  const text = await Deno.readTextFile(join(supabase, "functions", ".env")).catch(() => "");
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if (value !== undefined && !name.startsWith("SUPABASE_")) own[name] = value;
  }
  return own;
}

/** What Deno itself needs to find its cache. */
function denoVariables(): Record<string, string> {
  const found: Record<string, string> = { DENO_NO_UPDATE_CHECK: "1" };
  for (const name of ["HOME", "DENO_DIR", "XDG_CACHE_HOME", "NO_COLOR"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function publicKey(secrets: Secrets) {
  const k = new TextEncoder().encode(secrets.jwtSecret).toBase64({ alphabet: "base64url", omitPadding: true });
  return { kty: "oct", alg: "HS256", kid: secrets.jwtKeyId, k };
}
