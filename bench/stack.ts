import postgres from "postgres";
import type { Stack } from "../local/stack.ts";
import { mintKey } from "../operator/mint.ts";
import { symmetricSigning } from "../operator/signing.ts";
import { startServer } from "./process.ts";

type Told = Omit<Stack, "signing" | "stop"> & { signing: { kid: string; secret: string } };

/** More than any benchmark asks for. */
const budgets = { perMinute: 900_000, perDay: 90_000_000 };

/** An embedded stack in a process of its own, with one workspace of `size` contacts and opportunities, and its key. */
export async function startWorkspace(size: number) {
  const server = await startServer("stack_server.ts");
  const stack: Told = JSON.parse(server.firstLine);
  const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
  const [{ id: companyId }] = await sql`insert into companies (name) values ('Bench') returning id`;
  const signing = symmetricSigning(stack.signing.secret, stack.signing.kid);
  const key = await mintKey(sql, signing, { companyId, name: "Bench", scopes: ["admin"], budgets });
  const contacts = await ids(sql`
    insert into crm_contacts (company_id, first_name)
    select ${companyId}, 'No ' || i from generate_series(1, ${size}) as i returning id
  `);
  const deals = await ids(sql`
    insert into crm_deals (company_id, name)
    select ${companyId}, 'No ' || i from generate_series(1, ${size}) as i returning id
  `);
  const anyOf = (values: string[]) => values[Math.floor(Math.random() * values.length)];
  return {
    stack,
    sql,
    companyId,
    key,
    /** A new referral of somebody, for some opportunity. */
    referral: () => ({ referrer_contact_id: anyOf(contacts), referred_deal_id: anyOf(deals), notes: "Met at the gym" }),
    async [Symbol.asyncDispose]() {
      await sql.end();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function ids(made: PromiseLike<Record<string, unknown>[]>): Promise<string[]> {
  return (await made).map(({ id }) => String(id));
}

/** How many times a second `work` was done, of `count` times by so many clients at once. */
export async function perSecond(clients: number, count: number, work: (client: number) => Promise<unknown>) {
  const start = performance.now();
  let left = count;
  await Promise.all(Array.from({ length: clients }, async (_, client) => {
    while (left-- > 0) await work(client);
  }));
  return count / (performance.now() - start) * 1_000;
}
