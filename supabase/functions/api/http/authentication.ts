import { createHash } from "node:crypto";
import { verifyCredentials } from "@supabase/server/core";
import { z } from "zod";
import type { ApiKey } from "../data/clients.ts";
import type { Config } from "../platform/config.ts";
import { BoundedMap } from "../platform/bounded_map.ts";
import { ApiError } from "../contract/errors.ts";

const Claims = z.object({
  role: z.literal("api_key"),
  sub: z.guid(),
  company_id: z.guid(),
  scopes: z.array(z.string()),
  exp: z.number().optional(),
});

const longestToken = 4_096;
const refusal = () =>
  new ApiError("UNAUTHORIZED", "This API key is malformed, forged, expired or revoked.", {
    fix: "Check that the whole key is sent, or ask whoever runs this API for a new one.",
  });

/** Gives a function that takes an `Authorization` header and gives its key; throws 401, or 503 without signing keys. */
export function authentication(config: Config) {
  // A signature stays valid as long as its token: only that is remembered, by the token's hash, never whether a key lives.
  const verified = new BoundedMap<string, ApiKey>(1_000);

  return async function authenticate(header: string | undefined): Promise<ApiKey> {
    if (!header) throw new ApiError("UNAUTHORIZED", "This endpoint needs an API key.");
    const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
    if (!token) {
      throw new ApiError("UNAUTHORIZED", "The Authorization header is not the word Bearer, a space and an API key.", {
        fix: "Send Authorization: Bearer <key>, with the word Bearer before the key.",
      });
    }
    if (token.length > longestToken || token.split(".").length !== 3) throw refusal();

    const hash = createHash("sha256").update(token).digest("base64");
    let key = verified.get(hash);
    if (!key) {
      key = await verify(token, config);
      verified.set(hash, key);
    }
    if (key.expires <= Date.now()) throw refusal();
    return key;
  };
}

async function verify(token: string, config: Config): Promise<ApiKey> {
  const { data, error } = await verifyCredentials({ token, apikey: null }, {
    auth: "user",
    audience: "authenticated",
    env: config.supabase,
  });
  if (error && error.status >= 500) {
    throw new ApiError("UNAVAILABLE", "API keys cannot be checked now.", { cause: error });
  }
  const claims = Claims.safeParse(data?.jwtClaims);
  if (!claims.success) throw refusal();
  const { sub, company_id, scopes, exp } = claims.data;
  return { id: sub, companyId: company_id, token, scopes, expires: exp === undefined ? Infinity : exp * 1_000 };
}
