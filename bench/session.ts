import postgres from "postgres";
import type { NamedStatement } from "./statements.ts";
import type { Statement } from "./postgrest.ts";

// Parameters go as the text they are, and answers are not read: what postgres.js would make of them is no part of the cost.
const asGiven = (oid: number): postgres.PostgresType => ({
  to: oid,
  from: [oid],
  serialize: (text: unknown) => text,
  parse: (text: string) => text,
});

/** One connection of the data API's, in a role and with a key's claims; its statements are prepared once. */
export async function openSession(superuserUrl: string, role: NamedStatement["role"], claims: Record<string, unknown>) {
  const url = new URL(superuserUrl);
  [url.username, url.password] = ["authenticator", "postgres"];
  const sql = postgres(url.href, {
    max: 1,
    fetch_types: false,
    onnotice: () => {},
    types: { bool: asGiven(16), json: asGiven(114), jsonb: asGiven(3802), instant: asGiven(1184) },
  });
  await sql`
    select set_config('request.jwt.claims', ${
    JSON.stringify({ ...claims, role })
  }, false), set_config('role', ${role}, false)
  `;
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
