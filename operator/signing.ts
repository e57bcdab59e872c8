import type { JWK } from "jose";
import { Refusal } from "../local/refusal.ts";

/** What API keys are signed with. */
export interface Signing {
  alg: "HS256" | "ES256";
  kid: string;
  key: Uint8Array | JWK;
}

/** Signing with a secret that both sides know. */
export function symmetricSigning(secret: string, kid: string): Signing {
  return { alg: "HS256", kid, key: new TextEncoder().encode(secret) };
}

/**
 * Reads a hosted project's signing key: API_KEY_SIGNING_KEY, a private ES256 JWK with a `kid`, or API_KEY_JWT_SECRET with
 * API_KEY_JWT_KID. Gives undefined when none is set; throws a Refusal when one is malformed.
 */
export function environmentSigning(environment: Deno.Env): Signing | undefined {
  const jwk = environment.get("API_KEY_SIGNING_KEY");
  if (jwk) return asymmetricSigning(jwk);

  const secret = environment.get("API_KEY_JWT_SECRET");
  if (!secret) return undefined;
  const kid = environment.get("API_KEY_JWT_KID");
  if (!kid) throw new Refusal("API_KEY_JWT_SECRET needs API_KEY_JWT_KID beside it: a key without a kid is refused.");
  return symmetricSigning(secret, kid);
}

function asymmetricSigning(text: string): Signing {
  const wanted = "API_KEY_SIGNING_KEY must be a private P-256 key as JSON Web Key, with its kid.";
  let key: JWK;
  try {
    key = JSON.parse(text);
  } catch {
    throw new Refusal(wanted);
  }
  if (key?.kty !== "EC" || key.crv !== "P-256" || !key.d || !key.kid) throw new Refusal(wanted);
  return { alg: "ES256", kid: key.kid, key };
}
