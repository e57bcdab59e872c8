import { resolve } from "node:path";
import { runningDatabase } from "../local/lock.ts";
import { Refusal } from "../local/refusal.ts";
import { readSecrets } from "../local/secrets.ts";
import { environmentSigning, type Signing, symmetricSigning } from "./signing.ts";

/** Gives the database to work on: DATABASE_URL's, else that of the stack running on `data`. Throws a Refusal without either. */
export async function findDatabase(data: string, environment: Deno.Env): Promise<string> {
  const url = environment.get("DATABASE_URL") || await runningDatabase(resolve(data));
  if (!url) throw new Refusal("No stack is running: start it with deno task start, or set DATABASE_URL.");
  return url;
}

/**
 * Gives what keys for that database are signed with: the environment's key, else the running stack's own secret for its own
 * database. Throws a Refusal for any other database, whose function would refuse such keys.
 */
export async function findSigning(databaseUrl: string, data: string, environment: Deno.Env): Promise<Signing> {
  const signing = environmentSigning(environment);
  if (signing) return signing;

  const folder = resolve(data);
  const secrets = await readSecrets(folder);
  const running = await runningDatabase(folder);
  if (secrets && running && place(running) === place(databaseUrl)) {
    return symmetricSigning(secrets.jwtSecret, secrets.jwtKeyId);
  }
  throw new Refusal(
    "Set API_KEY_SIGNING_KEY (a private ES256 JWK), or API_KEY_JWT_SECRET and API_KEY_JWT_KID, to sign keys.",
  );
}

/** A database whoever asks for it. */
function place(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}
