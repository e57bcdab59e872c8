import { decodeJwt } from "jose";
import type postgres from "postgres";
import { mintKey } from "../operator/mint.ts";
import type { Signing } from "../operator/signing.ts";
import { withConnection } from "./postgres/connection.ts";
import { type Secrets, writeSecrets } from "./secrets.ts";

/** The workspace of `supabase/seed.sql`. */
const company = "00000000-0000-4000-8000-000000000001";

const wanted = { "local admin": ["admin"], "local reader": ["referrals:read"] };

export type DemoKeys = Record<keyof typeof wanted, string>;

/** Gives the seeded workspace's ready keys, minted when their rows are gone; undefined without that workspace. */
export async function ensureDemoKeys(
  databaseUrl: string,
  signing: Signing,
  data: string,
  secrets: Secrets,
): Promise<DemoKeys | undefined> {
  return await withConnection(databaseUrl, async (sql) => {
    const [seeded] = await sql`select from public.companies where id = ${company}`;
    if (!seeded) return undefined;
    const keys = {
      "local admin": await ensureKey(sql, signing, secrets, "local admin"),
      "local reader": await ensureKey(sql, signing, secrets, "local reader"),
    };
    await writeSecrets(data, { ...secrets, apiKeys: keys });
    return keys;
  });
}

async function ensureKey(sql: postgres.Sql, signing: Signing, secrets: Secrets, name: keyof typeof wanted) {
  const kept = secrets.apiKeys[name];
  if (kept && await lives(sql, kept)) return kept;
  await sql`
    update public.api_keys set revoked_at = now()
    where company_id = ${company} and name = ${name} and revoked_at is null
  `;
  const { token } = await mintKey(sql, signing, { companyId: company, name, scopes: wanted[name] });
  return token;
}

async function lives(sql: postgres.Sql, token: string): Promise<boolean> {
  const id = decodeJwt(token).sub ?? null;
  const [row] = await sql`select from public.api_keys where id = ${id} and revoked_at is null`;
  return row !== undefined;
}
