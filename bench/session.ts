import postgres from "postgres";
import type { Statement } from "./postgrest.ts";

export type Role = "api_key" | "anon" | "service_role";
type Claims = Record<string, unknown>;

const asGiven = (oid: number): postgres.PostgresType => ({
  to: oid,
  from: [oid],
  serialize: (text: unknown) => text,
  parse: (text: string) => text,
});

/** Parameters go as the text they are, and answers are not read: what postgres.js would make of them is no part of the cost. */
export const asText = {
  max: 1,
  fetch_types: false,
  onnotice: () => {},
  types: { bool: asGiven(16), json: asGiven(114), jsonb: asGiven(3802), instant: asGiven(1184) },
};

/** Makes a connection what the data API makes one for a request: the role's own settings, a key's claims, the role. */
export async function become(sql: postgres.Sql, role: Role, claims: Claims): Promise<void> {
  await sql`
    select set_config(split_part(setting, '=', 1), substring(setting from '=(.*)'), false)
    from pg_roles, unnest(rolconfig) as setting
    where rolname = ${role}
  `;
  await sql`
    select set_config('request.jwt.claims', ${
    JSON.stringify({ ...claims, role })
  }, false), set_config('role', ${role}, false)
  `;
}

/** One connection of the data API's; its statements are prepared once. */
export async function openSession(superuserUrl: string, role: Role, claims: Claims) {
  const url = new URL(superuserUrl);
  [url.username, url.password] = ["authenticator", "postgres"];
  const sql = postgres(url.href, asText);
  await become(sql, role, claims);
  const run = ({ text, parameters }: Statement) => sql.unsafe(text, parameters, { prepare: true });
  return {
    run,
    /** Milliseconds of a statement; what it wrote is undone. */
    async time(statement: Statement, isWrite: boolean): Promise<number> {
      if (isWrite) await sql`begin`;
      const start = performance.now();
      await run(statement);
      const passed = performance.now() - start;
      if (isWrite) await sql`rollback`;
      return passed;
    },
    [Symbol.asyncDispose]: () => sql.end(),
  };
}

export type Session = Awaited<ReturnType<typeof openSession>>;
