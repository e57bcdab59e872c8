import postgres from "postgres";
import { Refusal } from "../refusal.ts";
import { Session } from "./session.ts";

/** The settings of a connection that migrates, as the Supabase CLI has them. */
export const asPostgres = { role: "postgres", search_path: '"$user", public, extensions' };

/**
 * A session of `url`, with these settings. It takes and gives arrays as text: postgres.js would ask for their types first, and
 * end the process when the connection is lost meanwhile.
 */
export function openSession(
  url: string,
  connection: Record<string, string> = {},
  notified?: (channel: string, payload: string) => void,
): Session {
  // `onnotify` is no option that postgres.js documents; its `listen` has a connection of its own, which need not come back.
  const options = { connection, connect_timeout: 10, fetch_types: false, onnotice: () => {}, onnotify: notified };
  return new Session((own) => postgres(url, { ...options, ...own }));
}

/** Gives `use` one connection, with these settings, and closes it. Throws a Refusal when there is no database. */
export async function withConnection<T>(
  url: string,
  use: (sql: postgres.Sql) => Promise<T>,
  connection: Record<string, string> = {},
): Promise<T> {
  if (!URL.canParse(url)) throw new Refusal("A database's URL looks like postgres://user:password@host:5432/name.");
  const sql = postgres(url, { max: 1, connection, connect_timeout: 10, onnotice: () => {} });
  try {
    await sql`select 1`.catch((error) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Refusal(`The database cannot be reached: ${reason}.`);
    });
    return await use(sql);
  } finally {
    await sql.end();
  }
}

/** Throws a Refusal unless the URL is that of a superuser of PostgreSQL 15 or later. */
export async function requireSuperuser(url: string): Promise<void> {
  const { version, superuser } = await withConnection(url, async (sql) => {
    const [row] = await sql<{ version: number; superuser: boolean }[]>`
      select current_setting('server_version_num')::int / 10000 as version, rolsuper as superuser
      from pg_roles where rolname = current_user
    `;
    return row;
  });
  if (version < 15) throw new Refusal(`DATABASE_URL is a PostgreSQL ${version}: it takes a 15 or later.`);
  if (!superuser) throw new Refusal("DATABASE_URL must be a superuser's: the stack makes the platform's roles.");
}
