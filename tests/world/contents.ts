import { type Json, type Person, sql } from "./world.ts";

/** Every row of the workspace by table, without the stamps of key use: the same before and after, and nothing happened to it. */
export async function contents({ companyId }: Person): Promise<Record<string, Json[]>> {
  const tables = await sql<{ name: string; owner: string }[]>`
    select relname as name, case when relname = 'companies' then 'id' else 'company_id' end as owner
    from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'
    order by relname
  `;
  return Object.fromEntries(
    await Promise.all(tables.map(async ({ name, owner }) => {
      const rows = await sql`
        select to_jsonb(found) - 'last_used_at' as row
        from ${sql(`public.${name}`)} as found
        where ${sql(owner)} = ${companyId}
        order by to_jsonb(found)::text
      `;
      return [name, rows.map(({ row }) => row)];
    })),
  );
}
