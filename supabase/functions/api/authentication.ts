import { verifyCredentials } from "@supabase/server/core";
import { z } from "zod";
import type { Config } from "./config.ts";
import { ApiError } from "./errors.ts";

const Claims = z.object({
  role: z.literal("api_key"),
  sub: z.guid(),
  company_id: z.guid(),
  scopes: z.array(z.string()),
  exp: z.number().optional(),
});

/** A caller whose token is genuine. Whether the key still lives, and holds its scopes, only the database knows. */
export type ApiKey = { id: string; token: string; scopes: string[] };

const longestToken = 4_096;
const mostRemembered = 1_000;
const refusal = "This API key is malformed, forged, expired or revoked.";

/** Gives a function that takes an `Authorization` header and gives its key; throws 401, or 503 without signing keys. */
export function authentication(config: Config) {
  // A signature stays valid as long as its token: only that is remembered, by the token's hash, never whether a key lives.
  const verified = new Map<string, z.infer<typeof Claims>>();

  return async function authenticate(header: string | undefined): Promise<ApiKey> {
    if (!header) throw new ApiError("UNAUTHORIZED", "This endpoint needs an API key.");
    const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
    if (!token || token.length > longestToken || token.split(".").length !== 3) {
      throw new ApiError("UNAUTHORIZED", refusal);
    }

    const hash = await sha256(token);
    let claims = verified.get(hash);
    if (!claims) {
      claims = await verify(token, config);
      if (verified.size >= mostRemembered) verified.delete(verified.keys().next().value!);
      verified.set(hash, claims);
    }
    if (claims.exp !== undefined && claims.exp * 1_000 <= Date.now()) throw new ApiError("UNAUTHORIZED", refusal);
    return { id: claims.sub, token, scopes: claims.scopes };
  };
}

async function verify(token: string, config: Config): Promise<z.infer<typeof Claims>> {
  const { data, error } = await verifyCredentials({ token, apikey: null }, {
    auth: "user",
    audience: "authenticated",
    env: config.supabase,
  });
  if (error && error.status >= 500) {
    throw new ApiError("UNAVAILABLE", "API keys cannot be checked now.", { cause: error });
  }
  const claims = Claims.safeParse(data?.jwtClaims);
  if (!claims.success) throw new ApiError("UNAUTHORIZED", refusal);
  return claims.data;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return String.fromCharCode(...new Uint8Array(digest));
}
