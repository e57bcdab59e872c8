import postgres from "postgres";
import { type Json, stack } from "../world.ts";
import { tables } from "./catalogue.ts";

/** The database as its superuser. */
export const superuser = postgres(stack.superuserUrl, { max: 8, onnotice: () => {} });

const told = tables.filter(({ owned }) => owned !== null);
const kept = told.filter(({ kind }) => kind !== "v");

/** The rows of a workspace in every table and view, public and private, by its full name. */
export type Rows = Record<string, Json[]>;

export async function rowsIn(companyId: string): Promise<Rows> {
  const found = await superuser.unsafe<{ full: string; rows: Json[] }[]>(
    told.map(({ full, owned }) => `
      select '${full}' as full, coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), '[]') as rows
      from ${full} as t where ${owned}`).join(" union all "),
    [companyId],
  );
  return Object.fromEntries(found.map(({ full, rows }) => [full, rows]));
}

/** What `rowsIn` gives, as one short text a table; without the columns of `but`. */
export async function checksums(companyId: string, but: string[] = []): Promise<Record<string, string>> {
  const found = await superuser.unsafe<{ full: string; sum: string }[]>(
    kept.map(({ full, owned }) => `
      select '${full}' as full, count(*) || ' ' || md5(coalesce(string_agg(row, '' order by row), '')) as sum
      from (select (to_jsonb(t) - $2::text[])::text as row from ${full} as t where ${owned}) as rows`)
      .join(" union all "),
    [companyId, but],
  );
  return Object.fromEntries(found.map(({ full, sum }) => [full, sum]));
}

/** Puts back the workspaces' rows as they were in `before`, whatever has happened to them since. */
export async function restore(before: Map<string, Rows>): Promise<void> {
  await withoutTriggers(async (tx) => {
    // What belongs to a row goes before the row.
    const byDepth = kept.toSorted((a, b) => b.owned!.length - a.owned!.length);
    for (const { full, owned } of byDepth) {
      for (const companyId of before.keys()) await tx.unsafe(`delete from ${full} as t where ${owned}`, [companyId]);
    }
    for (const { full, columns } of kept) {
      const names = columns.filter(({ generated }) => !generated).map(({ name }) => `"${name}"`).join(", ");
      for (const rows of before.values()) {
        await tx.unsafe(
          `insert into ${full} (${names}) select ${names} from jsonb_populate_recordset(null::${full}, $1)`,
          [tx.json(rows[full]) as never],
        );
      }
    }
  });
}

/** A transaction in which neither triggers nor references speak. */
export async function withoutTriggers(use: (tx: postgres.TransactionSql) => Promise<void>): Promise<void> {
  await superuser.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await use(tx);
  });
}
