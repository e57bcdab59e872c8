import { assert } from "@std/assert";
import { sql } from "./world.ts";

/** What a column may hold by its own type and checks: `takes` tries a value without a row of it. */
export type ColumnChecks = { texts: string[]; takes: (value: unknown) => Promise<boolean> };

/** The checks on one column alone, of `table.column` of the schema public. */
export async function checksOn(name: string): Promise<ColumnChecks> {
  const [table, column] = name.split(".");
  const [found] = await sql<{ type: string; texts: string[] }[]>`
    select format_type(atttypid, atttypmod) as type, array(
      select pg_get_expr(conbin, conrelid) from pg_constraint
      where conrelid = attrelid and contype = 'c' and conkey = array[attnum]
    ) as texts
    from pg_attribute
    where attrelid = ${`public.${table}`}::regclass and attname = ${column}
  `;
  assert(found?.texts.length > 0, `There is no check on ${name} alone.`);
  const { type, texts } = found;
  const query = `select ${texts.map((text) => `(${text}) is not false`).join(" and ")} as taken
    from (select $1::${type} as ${column}) as row`;
  return {
    texts,
    takes: (value) => sql.unsafe(query, [value as never]).then(([{ taken }]) => taken, () => false),
  };
}

/** The columns of the schema public that have a check of their own with `part` in its text. */
export async function columnsChecked(part: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select distinct relname || '.' || attname as name
    from pg_constraint
    join pg_class on pg_class.oid = conrelid
    join pg_attribute on attrelid = conrelid and conkey = array[attnum]
    where contype = 'c' and connamespace = 'public'::regnamespace
      and position(${part} in pg_get_expr(conbin, conrelid)) > 0
    order by name
  `;
  return rows.map(({ name }) => name);
}

/** The body of a function of the schema private. */
export async function sourceOf(name: string): Promise<string> {
  const [{ source }] = await sql`select prosrc as source from pg_proc where oid = ${`private.${name}`}::regproc`;
  return source;
}

/** The words in quotes in a piece of SQL. */
export const quoted = (text: string): string[] => [...text.matchAll(/'(\w+)'/g)].map(([, word]) => word);
