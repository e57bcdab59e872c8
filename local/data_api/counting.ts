/** Gives the rows of a statement with these parameters. */
type Ask = (text: string, parameters: never[]) => Promise<unknown[]>;

const explain = "EXPLAIN (FORMAT JSON) ";

/**
 * A count that may be estimated is the planner's guess to @supabase/lite, which it asks for by EXPLAIN. To PostgREST it is exact
 * up to `max_rows`, and beyond that the guess, or what was found if that is more. Any other statement is run as it is.
 */
export async function runCounting(text: string, parameters: never[], most: number, ask: Ask): Promise<unknown[]> {
  if (!text.startsWith(explain)) return await ask(text, parameters);
  const counted = `select count(*)::int as found from (${text.slice(explain.length)} limit ${most + 1}) as rows`;
  const [{ found }] = await ask(counted, parameters) as { found: number }[];
  if (found <= most) return [planOf(found)];
  const [plan] = await ask(text, parameters) as ReturnType<typeof planOf>[];
  return [planOf(Math.max(found, plan["QUERY PLAN"][0].Plan["Plan Rows"]))];
}

const planOf = (rows: number) => ({ "QUERY PLAN": [{ Plan: { "Plan Rows": rows } }] });
