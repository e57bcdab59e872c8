import { createPostgresConnection } from "@supabase/lite/postgres";

interface Catalogue {
  /** As @supabase/lite keeps it. */
  catalogue: string;
  /** The columns of text, as `table.column`. */
  texts: Set<string>;
  /** The functions that only read. */
  readers: Set<string>;
}

export async function readCatalogue(superuserUrl: string): Promise<Catalogue> {
  const connection = createPostgresConnection({ url: superuserUrl, postgresOptions: { onnotice: () => {} } });
  try {
    const catalogue = JSON.stringify(await connection.introspect());
    const columns = await connection.driver<{ name: string }[]>`
      select table_name || '.' || column_name as name
      from information_schema.columns
      where table_schema = 'public' and data_type = 'text'
    `;
    const functions = await connection.driver<{ name: string }[]>`
      select proname as name from pg_proc
      where pronamespace = 'public'::regnamespace
      group by proname
      having bool_and(provolatile <> 'v')
    `;
    return { catalogue, texts: namesOf(columns), readers: namesOf(functions) };
  } finally {
    await connection.close();
  }
}

const namesOf = (rows: { name: string }[]) => new Set(rows.map(({ name }) => name));
