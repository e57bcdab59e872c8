import type postgres from "postgres";
import { everySecond } from "../extensions/every_second.ts";
import { withConnection } from "../postgres/connection.ts";

/** What PostgREST keeps of the database's settings. */
export interface Settings {
  /** The name, quoted, of the function that is called before each request's own statement. */
  preRequest: string | null;
  /** What the roles that a request may become have set by `alter role … set`, as name and value. */
  ofRoles: Map<string, [string, string][]>;
}

export interface KeptSettings {
  readonly current: Settings;
  stop(): Promise<void>;
}

/** Reads them, and again after a `notify pgrst, 'reload config'`, or when the database was away. */
export async function keepSettings(superuserUrl: string): Promise<KeptSettings> {
  let current = await withConnection(superuserUrl, readSettings);
  let outdated = false;
  const beat = everySecond(superuserUrl, async (sql, isNew) => {
    if (!isNew && !outdated) return;
    outdated = false;
    await sql`listen pgrst`;
    current = await readSettings(sql);
  }, (_channel, payload) => {
    if (payload !== "reload config") return;
    outdated = true;
    beat.now();
  });
  return {
    get current() {
      return current;
    },
    stop: () => beat.stop(),
  };
}

async function readSettings(sql: postgres.Sql): Promise<Settings> {
  const [preRequest] = await sql<{ name: string }[]>`
    select substr(line, strpos(line, '=') + 1) as name
    from pg_db_role_setting, unnest(setconfig) as line
    where setrole = 'authenticator'::regrole and split_part(line, '=', 1) = 'pgrst.db_pre_request'
      and setdatabase in (0, (select oid from pg_database where datname = current_database()))
    order by setdatabase desc
    limit 1
  `;
  // What takes more than a user to set, PostgREST leaves out too.
  const set = await sql<{ role: string; name: string; value: string }[]>`
    select rolname as role, split_part(line, '=', 1) as name, substr(line, strpos(line, '=') + 1) as value
    from pg_roles
    join pg_auth_members on roleid = pg_roles.oid and member = 'authenticator'::regrole,
      unnest(rolconfig) as line
    where exists (select from pg_settings where name = split_part(line, '=', 1) and context = 'user')
      and split_part(line, '=', 1) <> 'default_transaction_isolation'
  `;
  const ofRoles = Map.groupBy(set, ({ role }) => role);
  return {
    preRequest: preRequest?.name ? quoteName(preRequest.name) : null,
    ofRoles: new Map([...ofRoles].map(([role, rows]) => [role, rows.map(({ name, value }) => [name, value])])),
  };
}

const quoteName = (name: string) => name.split(".").map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
