import { createPostgresConnection } from "@supabase/lite/postgres";

interface Catalogue {
  /** As @supabase/lite keeps it. */
  catalogue: string;
  /** The columns of text, as `table.column`. */
  texts: Set<string>;
  /** Of keys' role, as `name=value`. */
  settings: string[];
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
    // PostgREST applies the settings of a role that it becomes; this does not, so they are its connections' settings.
    const roles = await connection.driver<{ settings: string[] | null }[]>`
      select rolconfig as settings from pg_roles where rolname = 'api_key'
    `;
    return { catalogue, texts: namesOf(columns), settings: roles.flatMap(({ settings }) => settings ?? []) };
  } finally {
    await connection.close();
  }
}

const namesOf = (rows: { name: string }[]) => new Set(rows.map(({ name }) => name));
