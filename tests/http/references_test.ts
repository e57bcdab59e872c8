import { assertEquals } from "@std/assert";
import { references } from "../../supabase/functions/api/data/references.ts";
import { sql } from "../world/world.ts";

Deno.test("every foreign key of a table that callers write to stands for a field of theirs", async () => {
  const keys = await sql<{ name: string; field: string }[]>`
    select conname as name, attname as field
    from pg_constraint
    join pg_attribute on attrelid = conrelid and attnum = conkey[1]
    where contype = 'f' and connamespace = 'public'::regnamespace and conkey[1:] <> array[(
      select attnum from pg_attribute where attrelid = conrelid and attname = 'company_id'
    )]`;
  assertEquals(references, Object.fromEntries(keys.map(({ name, field }) => [name, field])) as typeof references);
});
