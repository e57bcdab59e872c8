import type postgres from "postgres";
import type { Json } from "../../world/world.ts";
import { argumentsOf, fields, pointersOf, tableOf } from "./function_arguments.ts";
import {
  callers,
  type Command,
  exposed,
  granted,
  type Routine,
  routines,
  rowsOfType,
  type Table,
  tables,
  triggered,
} from "./catalogue.ts";
import { keyOf, written } from "./rest_scopes.ts";
import { resourceOf } from "./rules.ts";
import { formToken, stopToken, type Workspace } from "./workspaces.ts";

/** Something that alice, a stranger or the dispatcher does in the database. */
export type Statement = {
  name: string;
  role: string;
  /** The tables and functions that it leads to. */
  about: string[];
  /** Whose rows alice's events and runs tell of. */
  told: Workspace;
  /** Where alice has no row, and bob has. */
  lacking?: string;
  do: (tx: postgres.TransactionSql) => Promise<unknown>;
};

export const statements = (mine: Workspace, bobs: Workspace): Statement[] => [
  ...calls(mine, bobs),
  ...fieldsOfRows(mine),
  ...exposed.filter(({ full }) => resourceOf(full) !== null).flatMap((table) => commandsOn(table, mine, bobs)),
];

/** The id that bob's copy of a row has. */
export const idOfCopy = (id: string) => `b0b${id.slice(3)}`;

/** Every function that a role may call, with ids of alice's, and each argument that names a row once with bob's. */
function calls(mine: Workspace, bobs: Workspace): Statement[] {
  const open = routines.filter(({ schema, args, signature }) =>
    schema === "public" && callers[signature].length > 0 && !args.some(({ type }) => rowsOfType(type))
  );
  return open.flatMap((routine) => {
    const { schema, name, signature, args, reaches } = routine;
    const [role] = callers[signature];
    // The dispatcher is every workspace's: what it is asked for is never another's, what it was told may be.
    const pointers = pointersOf(routine).filter((pointer) =>
      role !== "service_role" || args.some(({ name, type }) => name === pointer && type === "jsonb")
    );
    const flags = args.some(({ type }) => type === "boolean") ? [true, false] : [true];
    const list = args.map(({ name }) => `"${name}" => given."${name}"`);
    const types = args.map(({ name, type }) => `"${name}" ${type}`);
    const from = args.length > 0 ? `from jsonb_to_record($1) as given (${types})` : "where $1::jsonb is not null";
    const call = (how: string, told: Workspace, foreign?: string, flag = true): Statement => {
      const given = argumentsOf(routine, (argument) => argument === foreign ? bobs : mine, flag);
      if (role === "anon") given.token = name.startsWith("unsubscribe") ? stopToken : formToken;
      return {
        name: name + how,
        role,
        about: reaches,
        told,
        do: (tx) => tx.unsafe(`select ${schema}.${name}(${list}) as given ${from}`, [tx.json(given) as never]),
      };
    };
    const named = args.map(({ name }) => tableOf(name));
    const sought = soughtBy(routine).filter((table) => !named.includes(table));
    return [
      ...flags.flatMap((flag) =>
        [undefined, ...pointers].map((foreign) =>
          call(`${foreign ? ` with bob's ${foreign}` : ""}${flag ? "" : " without flags"}`, mine, foreign, flag)
        )
      ),
      ...(role === "service_role" ? [call(" told of bob's", bobs)] : []),
      ...sought.map((table) => ({ ...call(` where bob alone has ${table}`, mine), lacking: table })),
    ];
  });
}

/** The tables where it looks for a row of a workspace by more than the row's own id. */
const soughtBy = ({ reaches }: Routine) =>
  tables.filter(({ full }) =>
    routines.some(({ schema, name, source }) =>
      reaches.includes(`${schema}.${name}`) &&
      [...source.matchAll(/\bfrom (\w+\.\w+)([^;]*)/g)].some(([, table, test]) =>
        table === full && /\bcompany_id = /.test(test) && !/\bwhere (\w+\.)?id = /.test(test)
      )
    )
  ).map(({ full }) => full);

/** Every function that takes a row and looks at others, of each of alice's. */
function fieldsOfRows(mine: Workspace): Statement[] {
  const computed = routines.filter(({ schema, args, reaches }) =>
    schema === "public" && args.length === 1 && rowsOfType(args[0].type) && reaches.length > 1
  );
  return computed.map(({ schema, name, signature, args, reaches }) => ({
    name: signature,
    role: "api_key",
    about: reaches,
    told: mine,
    do: (tx) => tx.unsafe(`select ${schema}.${name}(t) as given from ${rowsOfType(args[0].type)!.full} as t`),
  }));
}

/** Every command on a table: a row of alice's with each word that it may hold, new ones like hers, and naming bob's. */
function commandsOn(table: Table, mine: Workspace, bobs: Workspace): Statement[] {
  const { full, columns } = table;
  const [own] = mine.rows[full];
  const row = `"${keyOf(table)}" = '${own[keyOf(table)]}'`;
  const may = granted[full];
  const statement = (command: Command, how: string, text: string, given: Json[] = []): Statement[] =>
    may[command].length === 0 ? [] : [{
      name: `${command} on ${full}${how}`,
      role: "api_key",
      about: [full, ...triggered(full)],
      told: mine,
      do: (tx) => tx.unsafe(text, given.map((one) => tx.json(one) as never)),
    }];
  const insert = (how: string, given: Json) => {
    const names = Object.keys(given).map((name) => `"${name}"`);
    return statement(
      "insert",
      how,
      `insert into ${full} as t (${names}) select ${names} from jsonb_populate_record(null::${full}, $1)
        returning to_jsonb(t) as given`,
      [given],
    );
  };
  const update = (how: string, sets: string | string[]) =>
    statement("update", how, `update ${full} as t set ${sets} where ${row} returning to_jsonb(t) as given`);
  const needed = written(table, "insert", own);
  return [
    ...statement("select", "", `select to_jsonb(t) as given from ${full} as t`),
    ...insert("", needed),
    // A trigger may fill what is left out.
    ...columns.filter(({ name, type }) => name in needed && /int|numeric|timestamp/.test(type)).flatMap(({ name }) =>
      insert(` without ${name}`, Object.fromEntries(Object.entries(needed).filter(([column]) => column !== name)))
    ),
    ...insert(" like hers", Object.fromEntries(may.insert.map((name) => [name, own[name]]))),
    ...columns.filter(({ name }) => may.insert.includes(name)).flatMap(({ name, type }) => {
      if (type === "jsonb") return insert(` with bob's ids in ${name}`, { ...needed, [name]: fields(bobs) });
      if (type !== "uuid" || !own[name]) return [];
      const naming = { ...needed, [name]: idOfCopy(own[name]) };
      // Before the platform's master key no policy stands.
      const beyond = insert(` with bob's ${name} past all policies`, { ...naming, company_id: own.company_id });
      return [
        ...insert(` with bob's ${name}`, naming),
        ...beyond.map((one) => ({ ...one, role: "service_role" })),
      ];
    }),
    ...update("", may.update.map((name) => `"${name}" = "${name}"`)),
    ...columns.filter(({ name }) => may.update.includes(name)).flatMap(({ name, words }) =>
      words.flatMap((word) => update(` to ${word}`, `"${name}" = '${word}'`))
    ),
    ...statement("delete", "", `delete from ${full} as t where ${row} returning to_jsonb(t) as given`),
  ];
}
