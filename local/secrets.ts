import { join } from "node:path";

export interface Secrets {
  jwtSecret: string;
  jwtKeyId: string;
  publishableKey: string;
  secretKey: string;
  /** The ready API keys of the seeded workspace, by the name of their row. */
  apiKeys: Record<string, string>;
}

const file = (data: string) => join(data, "secrets.json");

/** Gives the secrets kept in the data folder, or undefined before the first start. */
export async function readSecrets(data: string): Promise<Secrets | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(file(data)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Gives the data folder's secrets, and makes them on the first start. */
export async function ensureSecrets(data: string): Promise<Secrets> {
  const kept = await readSecrets(data);
  if (kept) return kept;
  const made: Secrets = {
    jwtSecret: randomText(48),
    jwtKeyId: crypto.randomUUID(),
    publishableKey: `sb_publishable_${randomText(24)}`,
    secretKey: `sb_secret_${randomText(24)}`,
    apiKeys: {},
  };
  await writeSecrets(data, made);
  return made;
}

/** Replaces the data folder's secrets, all or nothing. */
export async function writeSecrets(data: string, secrets: Secrets): Promise<void> {
  const draft = `${file(data)}.new`;
  await Deno.writeTextFile(draft, JSON.stringify(secrets, null, 2) + "\n", { mode: 0o600 });
  await Deno.rename(draft, file(data));
}

function randomText(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toBase64({ alphabet: "base64url", omitPadding: true });
}
