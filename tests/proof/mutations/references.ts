import { type Reference, references } from "../isolation/catalogue.ts";
import { sql } from "../../world/world.ts";
import type { Mutant } from "./mutant.ts";

const definitions = new Map(
  (await sql<{ name: string; definition: string }[]>`
    select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint where contype in ('f', 'u')
  `).map(({ name, definition }) => [name, definition]),
);

const wide = references.filter(({ columns }) => columns.length > 1 && columns.includes("company_id"));
const dropped = ({ name, table }: Reference) => `alter table ${table} drop constraint ${name}`;
const added = ({ name, table }: Reference) => `alter table ${table} add constraint ${name} ${definitions.get(name)}`;

/** Each reference by its first column alone: the workspace is no part of it any more. */
const simple: Mutant[] = wide.map((reference) => {
  const { name, table, target, columns, targetColumns } = reference;
  // A stage names its pipeline too: the two references of a row would stand in for each other.
  const beside = wide.filter((other) =>
    other !== reference && other.table === table &&
    other.columns.some((column) => column !== "company_id" && columns.includes(column))
  );
  return {
    name: `${name} without the workspace`,
    family: "reference",
    up: `${dropped(reference)}, add constraint ${name} foreign key (${columns[0]}) references ${target} (${
      targetColumns[0]
    })`,
    down: `${dropped(reference)}; ${added(reference)}`,
    bare: beside.length > 0 ? { up: beside.map(dropped).join("; "), down: beside.map(added).join("; ") } : undefined,
    concerns: ({ about }) => about.includes(table) && about.includes(target),
  };
});

type Index = { name: string; table: string; definition: string; constraint: string | null };

const unique = await sql<Index[]>`
  select relname as name, indrelid::regclass::text as table, pg_get_indexdef(indexrelid) as definition,
    (select conname from pg_constraint where conindid = indexrelid and contype = 'u') as constraint
  from pg_index
  join pg_class on pg_class.oid = indexrelid
  join pg_attribute as tenant on tenant.attrelid = indrelid and tenant.attname = 'company_id'
  where indisunique and relnamespace = 'public'::regnamespace and tenant.attnum = any (indkey)
    -- of these, keys may write all other columns, those of its predicate too
    and not exists (
      select from (
        select unnest(indkey)
        union
        select refobjsubid from pg_depend
        where classid = 'pg_class'::regclass and objid = indexrelid and refobjid = indrelid
      ) as used (number)
      where number > 0 and number <> tenant.attnum and not has_column_privilege('api_key', indrelid, number::smallint, 'insert')
    )
    and array_length(indkey, 1) > 1
`;

/** Each unique index without the workspace: it would tell of bob's rows before a policy is asked. */
const telling: Mutant[] = unique.map(({ name, table, definition, constraint }) => {
  const drop = constraint ? `alter table ${table} drop constraint ${name}` : `drop index public.${name}`;
  const undo = constraint ? `alter table ${table} add constraint ${name} ${definitions.get(name)}` : definition;
  const without = definition.replace(/\(company_id, |, company_id\b/, (found) => found.startsWith("(") ? "(" : "");
  return {
    name: `${name} without the workspace`,
    family: "unique index",
    up: `${drop}; ${without}`,
    down: `drop index public.${name}; ${undo}`,
    concerns: ({ to, about, query, method }) =>
      to === "rest" && !query && method === "POST" && about.includes(`public.${table}`),
  };
});

export const referenceMutants = [...simple, ...telling];
