import postgres from "postgres";
import type { Json } from "../../world/world.ts";
import type { Answer, Cell } from "./cells.ts";
import type { Principal } from "./principals.ts";
import { rolledBack } from "./snapshot.ts";

type Query = (tx: postgres.TransactionSql) => Promise<Json[]>;

/**
 * What the database answers to a query as that role with those claims, as the data API would put it: `given` of its first row.
 * Nothing stays of it, nor of what the owner of all did before it.
 */
export async function answerAs(
  role: string | null,
  claims: unknown,
  query: Query,
  before: Query = () => Promise.resolve([]),
): Promise<Answer> {
  try {
    return await rolledBack(async (tx) => {
      await before(tx);
      if (claims) await tx`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
      if (role) await tx`set local role ${tx(role)}`;
      const [row] = await query(tx);
      return answerOf(200, row?.given ?? null);
    });
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    const { code, message, where } = error;
    return answerOf(400, {
      code: code === "PGRST" ? JSON.parse(message).code : code,
      message,
      inside: where !== undefined,
    });
  }
}

export const answerOf = (status: number, body: unknown): Answer => ({
  status,
  headers: new Headers(),
  text: JSON.stringify(body),
});

/** A cell that asks the database itself. */
export const sqlCell = (
  who: Principal,
  name: string,
  about: string[],
  accepted: string[],
  query: () => Promise<Answer>,
): Cell => ({ who, to: "rest", method: "SQL", path: `: ${name}`, about, accepted, secret: [], query });

/** Who asks where there is no caller. */
export const owner: Principal = { name: "the owner of all", standing: "living", scopes: [], headers: {} };
