import type { PostgresConnection } from "@supabase/lite/postgres";
import postgres from "postgres";
import { isLostConnection, Session } from "../postgres/session.ts";
import { runCounting } from "./counting.ts";
import { createPool, type Pool } from "./pool.ts";
import { outOfReach } from "./refused.ts";
import { answered } from "./transactions.ts";

/**
 * Has @supabase/lite borrow its connections from a pool that outlives a crash of the database, and count as PostgREST does, which
 * gives `mostRows` at once.
 */
export async function lendFrom({ driver }: PostgresConnection, mostRows: number): Promise<Pool> {
  // The first connection asks for the array types, for all: see openSession.
  await driver`select 1`;
  await driver.end();
  const options: object = { ...driver.options, fetch_types: false };
  const pool = createPool(() => new Session((own) => postgres({ ...options, ...own })));
  Reflect.set(driver, "reserve", async () => {
    const { session, release } = await pool.reserve();
    const run = (text: string, parameters: never[]) =>
      session.run((sql) => sql.unsafe(text, parameters)).catch((error) => {
        // A refusal to connect has a code of its own, as that of a role that may not log in.
        throw isLostConnection(error) || error.severity === "FATAL" ? outOfReach(error) : error;
      });
    return {
      release,
      unsafe: (text: string, parameters: never[]) =>
        answered.getStore()?.headers.get("prefer")?.includes("count=estimated")
          ? runCounting(text, parameters, mostRows, run)
          : run(text, parameters),
    };
  });
  return pool;
}
