import { type Json, sql } from "./world.ts";

/** Finds what only the inside speaks of: names of the database's objects, its errors, stacks, paths. */
export async function insideWords(document: Json): Promise<RegExp> {
  const names = await sql<{ name: string }[]>`
    select conname as name from pg_constraint where connamespace in ('public'::regnamespace, 'private'::regnamespace)
    union select relname from pg_class where relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    union select proname from pg_proc where pronamespace = 'private'::regnamespace
    union select tgname from pg_trigger where not tgisinternal
    union select polname from pg_policy
  `;
  const shown = JSON.stringify(document);
  const hidden = names.map(({ name }) => name).filter((name) => /[_ ]/.test(name) && !shown.includes(name));
  return new RegExp(
    [
      ...hidden.map((name) => `\\b${name.replace(/[^\w ]/g, "\\$&")}\\b`),
      String.raw`PGRST|SQLSTATE|postg(res|rest)|\bpg_|\bprivate\.|row[- ]level|plpgsql|search_path|\bviolates\b`,
      String.raw`\b(relation|column|constraint|policy|function) "|duplicate key|foreign key|permission denied`,
      String.raw`syntax error|invalid input (syntax|value)|is not a function|cannot read prop|\bundefined\b|\[object `,
      String.raw`\.[jt]sx?:\d+|\bat [\w.<>]+ \(|file:\/\/\/(?!etc)|node_modules|(type|range|syntax|reference|zod)error`,
      // `"ZOD"` may be a currency.
      String.raw`supabase|\bdeno\b|\bhono\b|\bzod\b(?!")`,
    ].join("|"),
    "i",
  );
}
