import type { Json } from "../../world/world.ts";
import { answerAs, owner, sqlCell } from "./sql_cells.ts";
import {
  callers,
  type Command,
  references,
  roles,
  type Routine,
  routines,
  rowsOfType,
  tables,
  touching,
} from "./catalogue.ts";
import type { Cell } from "./cells.ts";
import type { Principal } from "./principals.ts";
import { opens, scopeFor, shownBeside } from "./rules.ts";
import type { Workspace } from "./workspaces.ts";

const wide = references.filter(({ columns }) => columns.includes("company_id") && columns.length > 1);
const pointing = ({ columns }: typeof wide[number]) => columns.filter((column) => column !== "company_id");

/** Functions that take a row, which no request can hand over: forged ones, and bob's ids under alice's. */
export function computedFields(all: Principal[], mine: Workspace, theirs: Workspace): Cell[] {
  const computed = routines.filter(({ schema, args }) =>
    schema === "public" && args.length === 1 && rowsOfType(args[0].type)
  );
  return all.filter(({ claims, lacks }) => claims?.role === "api_key" && !lacks).flatMap((who) =>
    computed.flatMap((routine) => {
      const { full } = rowsOfType(routine.args[0].type)!;
      const [own, foreign] = [mine.rows[full][0], theirs.rows[full][0]];
      const given = {
        "alice's own row": own,
        "bob's row": foreign,
        "bob's row as one of alice's": { ...foreign, company_id: own.company_id },
        "bob's row under alice's id": { ...foreign, id: own.id, company_id: own.company_id },
      };
      // These tell nothing but what they are given.
      const isPure = routine.reaches.length === 1 && !/\bfrom\b/.test(routine.source);
      const cells = Object.entries(given).map(([name, row]): Cell => {
        const taken = [
          scopeFor(full, "select"),
          ...shownBeside[`${routine.schema}.${routine.name}(${routine.args[0].type})`] ?? [],
        ];
        const open = isPure || (row.id === own.id && taken.every((one) => opens(who.scopes, one)));
        const accepted = isPure
          ? ["200"]
          : who.standing === "dead"
          ? ["400 UNAUTHORIZED"]
          : open
          ? ["200 …"]
          : ["200 []"];
        return {
          ...sqlCell(
            who,
            `${routine.signature} of ${name}`,
            routine.reaches,
            accepted,
            () => compute(who, routine, full, row),
          ),
          secret: open ? [theirs.values] : [theirs.values, mine.values],
        };
      });
      return who.scopes.includes("admin") && !isPure ? [...cells, entangled(who, routine, full, mine, theirs)] : cells;
    })
  );
}

const compute = (
  who: Principal,
  { schema, name }: Routine,
  full: string,
  row: Json,
  before?: Parameters<typeof answerAs>[3],
) =>
  answerAs(
    "api_key",
    who.claims,
    (tx) => tx`select ${tx(`${schema}.${name}`)}(jsonb_populate_record(null::${tx(full)}, ${tx.json(row)})) as given`,
    before,
  );

/** Of alice's own row, had it come to point at bob's in spite of all: no reference stands before the function. */
function entangled(who: Principal, routine: Routine, full: string, mine: Workspace, theirs: Workspace): Cell {
  const [own] = mine.rows[full];
  const changes = wide.filter(({ table }) => table === full).flatMap(({ target, columns, targetColumns }) =>
    pointing({ columns } as typeof wide[number]).map((column) => {
      const rows = theirs.rows[target];
      const other = column.startsWith("referred") ? rows.at(-1) : rows[0];
      return `${column} = '${other[targetColumns[columns.indexOf(column)]]}'`;
    })
  );
  const poison = `set local session_replication_role = replica; ${
    changes.length > 0 ? `update ${full} set ${changes} where id = '${own.id}';` : ""
  } set local session_replication_role = origin`;
  return {
    ...sqlCell(
      who,
      `${routine.signature} of alice's row that points at bob's`,
      routine.reaches,
      ["200"],
      () => compute(who, routine, full, own, (tx) => tx.unsafe(poison)),
    ),
    secret: [theirs.values],
  };
}

/** Each reference alone, no policy and no function before it: a row of alice's cannot refer to bob's. */
export function crossReferences(mine: Workspace, theirs: Workspace): Cell[] {
  return wide.flatMap((reference) => {
    const { name, table, target, columns, targetColumns } = reference;
    const [foreign] = theirs.rows[target];
    const { owned } = tables.find(({ full }) => full === table)!;
    const row = `t.ctid = (select t.ctid from ${table} as t where ${owned} limit 1)`;
    const all = pointing(reference);
    return (all.length > 1 ? [all.slice(0, 1), all] : [all]).map((chosen) =>
      sqlCell(
        owner,
        `${table} cannot point over ${name} by ${chosen}`,
        [table, target, name],
        ["400 23503"],
        () =>
          answerAs(null, null, async (tx) => {
            await tx.unsafe(`alter table ${table} disable trigger user`);
            return await tx.unsafe(
              `update ${table} as t set ${chosen.map((column, place) => `${column} = $${place + 2}`)} where ${row}`,
              [mine.person.companyId, ...chosen.map((column) => foreign[targetColumns[columns.indexOf(column)]])],
            );
          }),
      )
    );
  });
}

/** Each function of each schema by itself, called by a role that was not granted it. */
export function uncalled(): Cell[] {
  return roles.flatMap((role) =>
    routines.filter(({ signature }) => !callers[signature].includes(role)).map((routine): Cell => {
      const { schema, name, args, signature } = routine;
      const nulls = args.map(({ type }) => `null::${type}`).join();
      const call = `select ${schema}.${name}(${signature.includes("VARIADIC") ? "variadic " : ""}${nulls}) as given`;
      return {
        ...sqlCell(
          owner,
          `${role} calls ${signature}`,
          [`${schema}.${name}`],
          ["400 42501"],
          () => answerAs(role, null, (tx) => tx.unsafe(call)),
        ),
        // At its own door, not at one behind it.
        told: /"inside":false/,
      };
    })
  );
}

/** Each table of each schema by itself, by each command that a role was not granted. */
export function untouched(): Cell[] {
  return tables.flatMap(({ schema, name: table, full, columns, kind }) => {
    const { name } = columns.find(({ generated }) => !generated)!;
    const statements: Record<Command, string> = {
      select: `select to_jsonb(t) as given from ${full} as t limit 1`,
      insert: `insert into ${full} (${name}) values (null)`,
      update: `update ${full} set ${name} = default`,
      delete: `delete from ${full}`,
    };
    const commands = kind === "v" ? ["select" as const] : Object.keys(statements) as Command[];
    return roles.flatMap((role) =>
      commands.filter((command) => !touching[full][role].includes(command)).map((command): Cell => ({
        ...sqlCell(
          owner,
          `${role} and ${command} on ${full}`,
          [full],
          ["400 42501"],
          () => answerAs(role, null, (tx) => tx.unsafe(statements[command])),
        ),
        // Its own, not that of a table behind it.
        told: new RegExp(`permission denied for (${kind === "v" ? "view" : "table"} ${table}\\b|schema ${schema})`),
      }))
    );
  });
}

/** What every policy asks, asked by itself: of the roles that no policy names, too. */
export function workspaceOf(all: Principal[]): Cell[] {
  return all.filter(({ claims, lacks }) => claims !== undefined && !lacks).map((who) => {
    const isOpen = who.standing === "living" && opens(who.scopes, "referrals:read");
    return sqlCell(
      who,
      "private.company_for('referrals:read')",
      ["private.company_for", "private.scopes_that_allow"],
      who.standing === "dead" ? ["400 UNAUTHORIZED"] : [isOpen ? "200 …" : "200 []"],
      () => answerAs(null, who.claims, (tx) => tx`select private.company_for('referrals:read') as given`),
    );
  });
}
