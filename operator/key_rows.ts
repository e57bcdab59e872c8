import type postgres from "postgres";
import { Refusal } from "../local/refusal.ts";
import { mintKey } from "./mint.ts";
import type { Signing } from "./signing.ts";

interface KeyRow {
  id: string;
  company_id: string;
  name: string;
  scopes: string[];
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
  requests_per_minute: number;
  requests_per_day: number;
  credits_per_month: number | null;
}

/** Prints all keys, or one company's, the newest first. */
export async function listKeys(sql: postgres.Sql, companyId?: string): Promise<void> {
  const rows = await sql<KeyRow[]>`
    select * from public.api_keys
    ${companyId ? sql`where company_id = ${companyId}` : sql``}
    order by created_at desc, id
  `;
  for (const row of rows) {
    console.log([
      row.id,
      row.company_id,
      row.name,
      row.scopes.join(","),
      state(row),
      row.last_used_at ? `used ${day(row.last_used_at)}` : "never used",
    ].join("  "));
  }
  if (rows.length === 0) console.error("There are no keys.");
}

/** Ends a key's life at once. Throws a Refusal when there is no such key. */
export async function revokeKey(sql: postgres.Sql, id: string): Promise<void> {
  const [revoked] = await sql`
    update public.api_keys set revoked_at = now() where id = ${id} and revoked_at is null returning id
  `;
  if (revoked) return console.error(`Key ${id} is revoked.`);
  const [known] = await sql<KeyRow[]>`select * from public.api_keys where id = ${id}`;
  if (!known) throw new Refusal(`There is no key ${id}.`);
  console.error(`Key ${id} was ${state(known)} already.`);
}

/**
 * Replaces a living key by a new one of the same company, name, scopes, budgets and lifetime. The old one ends at once, or after
 * `overlapHours`. Throws a Refusal when there is no such key, or it is dead.
 */
export async function rotateKey(
  sql: postgres.Sql,
  signing: Signing,
  id: string,
  overlapHours?: number,
): Promise<{ id: string; token: string }> {
  return await sql.begin(async (tx) => {
    const [old] = await tx<KeyRow[]>`select * from public.api_keys where id = ${id} for update`;
    if (!old) throw new Refusal(`There is no key ${id}.`);
    if (state(old) !== "active" && !state(old).startsWith("expires")) {
      throw new Refusal(`Key ${id} is ${state(old)}: create a new one instead.`);
    }
    const lifetime = old.expires_at && old.expires_at.getTime() - old.created_at.getTime();
    const made = await mintKey(tx, signing, {
      companyId: old.company_id,
      name: old.name,
      scopes: old.scopes,
      budgets: {
        perMinute: old.requests_per_minute,
        perDay: old.requests_per_day,
        creditsPerMonth: old.credits_per_month ?? undefined,
      },
      expiresAt: lifetime ? new Date(Date.now() + lifetime) : undefined,
    });
    if (overlapHours === undefined) {
      await tx`update public.api_keys set revoked_at = now() where id = ${id}`;
    } else {
      await tx`
        update public.api_keys
        set expires_at = least(expires_at, now() + make_interval(hours => ${overlapHours}))
        where id = ${id}
      `;
    }
    return made;
  });
}

function state(row: KeyRow): string {
  if (row.revoked_at) return `revoked ${day(row.revoked_at)}`;
  if (!row.expires_at) return "active";
  return row.expires_at > new Date() ? `expires ${day(row.expires_at)}` : `expired ${day(row.expires_at)}`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}
