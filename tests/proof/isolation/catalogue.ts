import { sql } from "../../world/world.ts";

type Column = { name: string; type: string; required: boolean; generated: boolean; words: string[] };

/** A table or view of ours; `owned` is SQL over its alias `t`: whether the row is of workspace `$1`. Null: it has none. */
export type Table = {
  schema: string;
  name: string;
  full: string;
  kind: string;
  /** The tables behind a view. */
  behind: string[];
  columns: Column[];
  owned: string | null;
};

/** A foreign key, its columns beside those that they name. */
export type Reference = { name: string; table: string; columns: string[]; target: string; targetColumns: string[] };

export type Argument = { name: string; type: string; optional: boolean };

/** A function of ours that is no trigger; `reaches` holds the functions it leads to, itself among them. */
export type Routine = {
  schema: string;
  name: string;
  signature: string;
  args: Argument[];
  definer: boolean;
  source: string;
  reaches: string[];
};

const ours = sql`in ('public'::regnamespace, 'private'::regnamespace)`;

export const references = [
  ...await sql<Reference[]>`
    select conname as name, conrelid::regclass::text as table, confrelid::regclass::text as target,
      ${columnsAt("conrelid", "conkey")} as columns, ${columnsAt("confrelid", "confkey")} as "targetColumns"
    from pg_constraint
    where contype = 'f' and connamespace ${ours}
    order by conrelid::regclass::text, conname
  `,
].map((reference) => ({ ...reference, table: qualified(reference.table), target: qualified(reference.target) }));

function columnsAt(table: string, keys: string) {
  return sql.unsafe(`array(
    select attname::text from unnest(${keys}) with ordinality as key (number, place)
    join pg_attribute on attrelid = ${table} and attnum = key.number order by place
  )`);
}

/** What `regclass` prints depends on the search path: the name with its schema. */
function qualified(name: string): string {
  return name.includes(".") ? name : `public.${name}`;
}

const found = await sql<Omit<Table, "owned" | "full">[]>`
  select relnamespace::regnamespace::text as schema, relname as name, relkind::text as kind,
    array(
      select distinct source.relnamespace::regnamespace || '.' || source.relname
      from pg_rewrite join pg_depend on classid = 'pg_rewrite'::regclass and objid = pg_rewrite.oid
      join pg_class as source on refclassid = 'pg_class'::regclass and refobjid = source.oid and source.relkind <> 'v'
      where ev_class = pg_class.oid
    ) as behind,
    (
      select jsonb_agg(jsonb_build_object(
        'name', attname,
        'type', format_type(atttypid, null),
        'required', attnotnull and not atthasdef,
        'generated', attgenerated <> '',
        -- the words that a check allows
        'words', array(
          select word[1] from pg_constraint, regexp_matches(pg_get_constraintdef(oid), '''([a-z_:]+)''::text', 'g') as word
          where conrelid = pg_class.oid and contype = 'c' and conkey = array[attnum]
        )
      ) order by attnum)
      from pg_attribute
      where attrelid = pg_class.oid and attnum > 0 and not attisdropped
    ) as columns
  from pg_class
  where relnamespace ${ours} and relkind in ('r', 'p', 'v')
  order by 1, 2
`;

export const tables: Table[] = found.map((table) => {
  const full = `${table.schema}.${table.name}`;
  return { ...table, full, owned: ownership(full, "t", []) };
});

/** Whether the row is a workspace's: by its own column, else by that of the row it belongs to. */
function ownership(full: string, alias: string, seen: string[]): string | null {
  if (full === "public.companies") return `${alias}.id = $1::uuid`;
  const table = found.find(({ schema, name }) => `${schema}.${name}` === full);
  if (table?.columns.some(({ name }) => name === "company_id")) return `${alias}.company_id = $1::uuid`;
  for (const { columns, target, targetColumns } of references.filter(({ table }) => table === full)) {
    const above = seen.includes(target) ? null : ownership(target, `${alias}p`, [...seen, full]);
    if (above) {
      return `exists (select from ${target} as ${alias}p where ${alias}p.${targetColumns[0]} = ${alias}.${
        columns[0]
      } and ${above})`;
    }
  }
  return null;
}

/** The table whose rows are of that type. */
export const rowsOfType = (type: string) => tables.find(({ full, name }) => type === full || type === name);

export const exposed = tables.filter(({ schema }) => schema === "public");
export const hidden = tables.filter(({ schema }) => schema === "private");

const functions = await sql<(Omit<Routine, "reaches"> & { isTrigger: boolean })[]>`
  select pronamespace::regnamespace::text as schema, proname as name, prosecdef as definer,
    coalesce(prosrc, '') as source, prorettype = 'trigger'::regtype as "isTrigger",
    pronamespace::regnamespace || '.' || proname || '(' || pg_get_function_identity_arguments(oid) || ')' as signature,
    coalesce((
      select jsonb_agg(jsonb_build_object(
        'name', coalesce(proargnames[place], ''),
        'type', format_type(type, null),
        'optional', place > pronargs - pronargdefaults
      ) order by place)
      from unnest(proargtypes::oid[]) with ordinality as arg (type, place)
    ), '[]') as args
  from pg_proc
  where pronamespace ${ours} and prokind = 'f'
    and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
  order by 1, 2, 5
`;

export const routines: Routine[] = functions.filter(({ isTrigger }) => !isTrigger).map((routine) => ({
  ...routine,
  reaches: reach(`${routine.schema}.${routine.name}`, new Set()),
}));

function reach(name: string, seen: Set<string>): string[] {
  if (seen.has(name)) return [];
  seen.add(name);
  for (const { source } of functions.filter(({ schema, name: own }) => `${schema}.${own}` === name)) {
    for (const [, called] of source.matchAll(/\b((?:public|private)\.\w+)/g)) reach(called, seen);
  }
  return [...seen];
}

const triggers = await sql<{ name: string; table: string }[]>`
  select distinct pronamespace::regnamespace || '.' || proname as name, relnamespace::regnamespace || '.' || relname as table
  from pg_trigger join pg_proc on pg_proc.oid = tgfoid join pg_class on pg_class.oid = tgrelid
  where not tgisinternal and relnamespace ${ours}
`;

/** The functions that a table's triggers lead to. */
export const triggered = (full: string) =>
  triggers.filter(({ table }) => table === full).flatMap(({ name }) => reach(name, new Set()));

export type Command = "select" | "insert" | "update" | "delete";

/** The columns that keys may use with a command of each table; for `delete` those of a whole row. */
export const granted: Record<string, Record<Command, string[]>> = Object.fromEntries(
  (await sql<{ full: string; commands: Record<Command, string[]> }[]>`
    select relnamespace::regnamespace || '.' || relname as full, (
      select jsonb_object_agg(command, array(
        select attname from pg_attribute
        where attrelid = pg_class.oid and attnum > 0 and not attisdropped and case
          when command = 'delete' then has_table_privilege('api_key', pg_class.oid, command)
          else has_column_privilege('api_key', pg_class.oid, attnum, command) end
        order by attnum
      ))
      from unnest(array['select', 'insert', 'update', 'delete']) as command
    ) as commands
    from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')
  `).map(({ full, commands }) => [full, commands]),
);

/** The roles that a token can name, and strangers' own. */
export const roles = ["anon", "authenticated", "api_key", "service_role"] as const;
export type Role = typeof roles[number];

/** The commands that each role may use on some column at least of each table. */
export const touching: Record<string, Record<Role, Command[]>> = Object.fromEntries(
  (await sql<{ full: string; commands: Record<Role, Command[]> }[]>`
    select relnamespace::regnamespace || '.' || relname as full, (
      select jsonb_object_agg(role, array(
        select command from unnest(array['select', 'insert', 'update', 'delete']) as command
        where case when command = 'delete' then has_table_privilege(role, pg_class.oid, command)
          else has_any_column_privilege(role, pg_class.oid, command) end
      ))
      from unnest(${roles as unknown as string[]}::text[]) as role
    ) as commands
    from pg_class
    where relnamespace ${ours} and relkind in ('r', 'p', 'v')
  `).map(({ full, commands }) => [full, commands]),
);

/** The roles, but for the owner, that may call each function, by its signature. */
export const callers: Record<string, Role[]> = Object.fromEntries(
  (await sql<{ signature: string; roles: Role[] }[]>`
    select pronamespace::regnamespace || '.' || proname || '(' || pg_get_function_identity_arguments(oid) || ')' as signature,
      array(
        select role from unnest(${roles as unknown as string[]}::text[]) as role
        where has_function_privilege(role, pg_proc.oid, 'execute')
      ) as roles
    from pg_proc
    where pronamespace ${ours}
  `).map(({ signature, roles }) => [signature, roles]),
);
