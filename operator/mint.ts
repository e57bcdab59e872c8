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
  budgets?: Budgets;
}

/** What its holder may ask of the API; the database's defaults where absent. */
export interface Budgets {
  perMinute?: number;
  perDay?: number;
  /** Not metered, when absent. */
  creditsPerMonth?: number;
}

/**
 * Makes an API key: writes its row and gives its token, which is stored nowhere. Throws a Refusal for an unknown scope or company.
 */
export async function mintKey(
  sql: postgres.Sql | postgres.TransactionSql,
  signing: Signing,
  { companyId, name, scopes, expiresAt, budgets = {} }: NewKey,
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
      insert into public.api_keys ${
      sql({
        id,
        company_id: companyId,
        name,
        scopes: held,
        expires_at: expiresAt ?? null,
        ...(budgets.perMinute && { requests_per_minute: budgets.perMinute }),
        ...(budgets.perDay && { requests_per_day: budgets.perDay }),
        ...(budgets.creditsPerMonth && { credits_per_month: budgets.creditsPerMonth }),
      })
    }
    `;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    if (error.code === "23503") throw new Refusal(`There is no company ${companyId}.`);
    if (error.code === "23514" && error.constraint_name?.includes("_per_")) throw new Refusal(outOfBounds);
    if (error.code === "23514") throw new Refusal("A key's name has 1 to 200 characters.");
    throw error;
  }
  return { id, token };
}

const outOfBounds =
  "A key has 1 to 1,000,000 requests a minute, 1 to 100,000,000 a day, 1 to 1,000,000,000 credits a month.";

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
