import postgres from "postgres";
import { type Json, stack } from "../../world/world.ts";
import { tables } from "./catalogue.ts";

/** The database as its superuser. */
export const superuser = postgres(stack.superuserUrl, {
  max: 8,
  onnotice: () => {},
  // Whatever a weaker layer lets happen, nobody waits for it for ever.
  connection: { statement_timeout: 20_000 },
});

// Which of a workspace's sixteen counters a writer takes is chance; what they come to is compared in drift.ts.
const readable = tables.filter(({ owned, full }) => owned !== null && full !== "private.row_counts");

/** The tables that hold rows of workspaces. */
export const workspaceTables = readable.filter(({ kind }) => kind !== "v");

/** The rows of a workspace in every table and view, public and private, by its full name. */
export type Rows = Record<string, Json[]>;

export async function rowsIn(companyId: string, as: postgres.Sql | postgres.TransactionSql = superuser): Promise<Rows> {
  const found = await as.unsafe<{ full: string; rows: Json[] }[]>(
    readable.map(({ full, owned }) => `
      select '${full}' as full, coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), '[]') as rows
      from ${full} as t where ${owned}`).join(" union all "),
    [companyId],
  );
  return Object.fromEntries(found.map(({ full, rows }) => [full, rows]));
}

/** What `rowsIn` gives of tables, as one short text a table; without the columns of `but`. */
export async function checksums(companyId: string, but: string[] = []): Promise<Record<string, string>> {
  const found = await superuser.unsafe<{ full: string; sum: string }[]>(
    workspaceTables.map(({ full, owned }) => `
      select '${full}' as full, count(*) || ' ' || md5(coalesce(string_agg(row, '' order by row), '')) as sum
      from (select (to_jsonb(t) - $2::text[])::text as row from ${full} as t where ${owned}) as rows`)
      .join(" union all "),
    [companyId, but],
  );
  return Object.fromEntries(found.map(({ full, sum }) => [full, sum]));
}

/** SQL that removes a workspace's rows, of all tables or some: what belongs to a row goes before the row. */
export const removal = (companyId: string, some = workspaceTables.map(({ full }) => full)) =>
  workspaceTables.filter(({ full }) => some.includes(full)).toSorted((a, b) => b.owned!.length - a.owned!.length)
    .map(({ full, owned }) => `delete from ${full} as t where ${owned!.replaceAll("$1", `'${companyId}'`)}`)
    .join("; ");

/** Puts back the workspaces' rows as they were in `before`, whatever has happened to them since. */
export async function restore(before: Map<string, Rows>): Promise<void> {
  await withoutTriggers(async (tx) => {
    await tx.unsafe([...before.keys()].map((companyId) => removal(companyId)).join("; "));
    for (const { full, columns } of workspaceTables) {
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

/** What `use` gives in a transaction of which nothing stays. */
export async function rolledBack<T>(use: (tx: postgres.TransactionSql) => Promise<T>): Promise<T> {
  const rollback = new Error("rolled back");
  let given: T;
  await superuser.begin(async (tx) => {
    given = await use(tx);
    throw rollback;
  }).catch((error) => {
    if (error !== rollback) throw error;
  });
  return given!;
}

/** A transaction in which neither triggers nor references speak. */
export async function withoutTriggers(use: (tx: postgres.TransactionSql) => Promise<void>): Promise<void> {
  await superuser.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await use(tx);
  });
}
