import { SignJWT } from "jose";

const secret = crypto.getRandomValues(new Uint8Array(32));

/** A genuine token, and the environment of a function that takes it and asks the data API at `origin`. */
export async function cannedKey(origin: string, scopes = ["referrals:read", "referrals:write"]) {
  const token = await new SignJWT({ role: "api_key", company_id: crypto.randomUUID(), scopes })
    .setProtectedHeader({ alg: "HS256", kid: "bench", typ: "JWT" })
    .setSubject(crypto.randomUUID())
    .setAudience("authenticated")
    .setIssuedAt()
    .sign(secret);
  const k = secret.toBase64({ alphabet: "base64url", omitPadding: true });
  const environment = {
    SUPABASE_URL: origin,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: "sb_publishable_bench" }),
    SUPABASE_JWKS: JSON.stringify({ keys: [{ kty: "oct", alg: "HS256", kid: "bench", k }] }),
  };
  return { token, environment };
}
