import { SignJWT } from "jose";
import postgres from "postgres";
import { Refusal } from "../local/refusal.ts";
import { normaliseScopes } from "./scopes.ts";
import type { Signing } from "./signing.ts";

export interface NewKey {
  companyId: string;
  name: string;
  scopes: string[];
  /** Never, when absent. */
  expiresAt?: Date;
}

/**
 * Makes an API key: writes its row and gives its token, which is stored nowhere. Throws a Refusal for an unknown scope or company.
 */
export async function mintKey(
  sql: postgres.Sql | postgres.TransactionSql,
  signing: Signing,
  { companyId, name, scopes, expiresAt }: NewKey,
): Promise<{ id: string; token: string }> {
  if (!isUuid(companyId)) throw new Refusal(`"${companyId}" is no company's id.`);
  const id = crypto.randomUUID();
  const held = normaliseScopes(scopes);
  // Signed first: a row that no token belongs to would look like a live key.
  const token = await sign(
    signing,
    id,
    { role: "api_key", company_id: companyId.toLowerCase(), scopes: held },
    expiresAt,
  );
  try {
    await sql`
      insert into public.api_keys (id, company_id, name, scopes, expires_at)
      values (${id}, ${companyId}, ${name}, ${held}, ${expiresAt ?? null})
    `;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    if (error.code === "23503") throw new Refusal(`There is no company ${companyId}.`);
    if (error.code === "23514") throw new Refusal("A key's name has 1 to 200 characters.");
    throw error;
  }
  return { id, token };
}

async function sign(signing: Signing, id: string, claims: Record<string, unknown>, expiresAt?: Date): Promise<string> {
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: signing.alg, kid: signing.kid, typ: "JWT" })
    .setSubject(id)
    .setAudience("authenticated")
    .setIssuedAt();
  if (expiresAt) token.setExpirationTime(expiresAt);
  return await token.sign(signing.key);
}

/** Whether a text has the shape of a UUID, of any version. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
