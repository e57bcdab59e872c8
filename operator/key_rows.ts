import type postgres from "postgres";
import { Refusal } from "../local/refusal.ts";
import { disableMade, printMade } from "./made_by.ts";
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

const heads = ["KEY", "COMPANY", "NAME", "SCOPES", "STATE", "USED"];
const soon = 30 * 86_400_000;

/** Prints all keys, or one company's, in columns, the newest first; says which end within 30 days. */
export async function listKeys(sql: postgres.Sql, companyId?: string): Promise<void> {
  const rows = await sql<KeyRow[]>`
    select * from public.api_keys
    ${companyId ? sql`where company_id = ${companyId}` : sql``}
    order by created_at desc, id
  `;
  if (rows.length === 0) return console.error("There are no keys.");
  printColumns([
    heads,
    ...rows.map((row) => [
      row.id,
      row.company_id,
      row.name,
      row.scopes.join(","),
      state(row),
      row.last_used_at ? `used ${day(row.last_used_at)}` : "never used",
    ]),
  ]);
  const ending = rows.filter(endsSoon).length;
  if (ending > 0) console.error(`${ending === 1 ? "One key ends" : `${ending} keys end`} within 30 days.`);
}

function printColumns(lines: string[][]): void {
  const widths = heads.map((_, at) => Math.max(...lines.map((line) => line[at].length)));
  for (const line of lines) console.log(line.map((cell, at) => cell.padEnd(widths[at])).join("  ").trimEnd());
}

/**
 * Ends a key's life at once, and says what it made; with `disable`, ends that too. Throws a Refusal when there is no such key.
 */
export async function revokeKey(sql: postgres.Sql, id: string, disable: boolean): Promise<void> {
  const made = await sql.begin(async (tx) => {
    const [revoked] = await tx`
      update public.api_keys set revoked_at = now() where id = ${id} and revoked_at is null returning id
    `;
    const [known] = await tx<KeyRow[]>`select * from public.api_keys where id = ${id}`;
    if (!known) throw new Refusal(`There is no key ${id}.`);
    if (disable) await disableMade(tx, id);
    console.error(revoked ? `Key ${id} is revoked.` : `Key ${id} was ${state(known)} already.`);
    return await printMade(tx, id);
  });
  if (made === 0) return;
  console.error(
    disable ? "All of that is ended." : `That goes on: deno task keys revoke ${id} --disable ends it.`,
  );
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
  if (row.expires_at <= new Date()) return `expired ${day(row.expires_at)}`;
  return `expires ${endsSoon(row) ? "soon, " : ""}${day(row.expires_at)}`;
}

function endsSoon({ revoked_at, expires_at }: KeyRow): boolean {
  const left = expires_at && !revoked_at ? expires_at.getTime() - Date.now() : -1;
  return left > 0 && left <= soon;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}
