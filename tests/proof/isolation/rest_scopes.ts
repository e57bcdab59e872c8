import type { Json } from "../../world/world.ts";
import { fields } from "./function_arguments.ts";
import { type Command, exposed, granted, type Table } from "./catalogue.ts";
import type { Cell } from "./cells.ts";
import type { Principal, Standing } from "./principals.ts";
import { answersAt, inUse, opens, scopeFor, takenBeside } from "./rules.ts";
import { type Values, without, type Workspace } from "./workspaces.ts";

const shown = { prefer: "return=representation" };
const merged = { prefer: "resolution=merge-duplicates,return=representation" };
const ignored = { prefer: "resolution=ignore-duplicates" };

/** The column that names a row. */
export const keyOf = ({ columns }: Table) => columns.some(({ name }) => name === "id") ? "id" : "company_id";

/** The row's columns that keys may write by that command, as the row has them; for an insert those that it needs. */
export function written({ full, columns }: Table, command: "insert" | "update", row: Json): Json {
  const needed = columns.filter(({ name, required }) =>
    granted[full][command].includes(name) && (required || command === "update")
  );
  return Object.fromEntries(needed.map(({ name }) => [name, row[name]]));
}

/** Everybody at every table, by every verb. */
export function tableCells(all: Principal[], mine: Workspace, theirs: Workspace): Cell[] {
  return all.flatMap((who) =>
    exposed.flatMap((table) =>
      verbs
        .filter(({ askers }) => askers.includes(who.standing))
        .filter((verb) => isTelling(verb, who, table) && !(verb.onlyShut && mayOpen(verb, who, table)))
        .map((verb) => cellOf(verb, who, table, mine, theirs))
    )
  );
}

/** A key that lacks one scope is asked for that, and says for writing what keys of one other scope would. */
function isTelling({ command }: Verb, { lacks, scopes }: Principal, { full }: Table): boolean {
  const wanted = scopeFor(full, command);
  if (lacks) return lacks === wanted;
  return command === "select" || scopes.length !== 1 || scopes[0].split(":")[0] === wanted?.split(":")[0];
}

const mayOpen = ({ command }: Verb, { standing, scopes }: Principal, { full }: Table) =>
  standing === "living" && opens(scopes, scopeFor(full, command));

/** Who has no right in alice's workspace must not see it either; a living key may know which it is, and whose. */
export function secretsFor({ standing, scopes, claims }: Principal, mine: Workspace, theirs: Workspace): Values[] {
  if (standing !== "living") return [theirs.values, mine.values];
  if (scopes.length > 0) return [theirs.values];
  return [
    theirs.values,
    without(mine.values, { ids: new Set([claims?.sub ?? "", claims?.company_id ?? ""]), words: [] }),
  ];
}

type At = { table: Table; path: string; row: string; own: Json; foreign: Json; body: Json };

type Verb = {
  command: Command;
  askers: Standing[];
  isOwn?: boolean;
  /** For those only whom a policy stops. */
  onlyShut?: boolean;
  /** What whoever may is answered, and whoever may not. */
  open: string[];
  shut: string[];
  isGranted?: boolean;
  ask: (at: At) => Pick<Cell, "method" | "path" | "body" | "headers">;
};

const everybody: Standing[] = ["living", "dead", "outsider", "stranger", "refused"];
const heard = everybody.slice(0, 4);
const keys = everybody.slice(0, 2);

const verbs: Verb[] = [
  {
    command: "select",
    askers: everybody,
    open: ["200 …"],
    shut: ["200 []"],
    ask: ({ path }) => ({ method: "GET", path: `${path}?select=*` }),
  },
  {
    command: "update",
    askers: everybody,
    open: ["200 []"],
    shut: ["200 []"],
    ask: ({ row, body }) => ({ method: "PATCH", path: row, body, headers: shown }),
  },
  {
    command: "update",
    askers: ["living"],
    isOwn: true,
    open: ["200 …"],
    shut: ["200 []"],
    ask: ({ row, body }) => ({ method: "PATCH", path: row, body, headers: shown }),
  },
  {
    command: "insert",
    askers: heard,
    isOwn: true,
    // A row like it may be there: a policy speaks before a unique index does.
    open: ["201", "409 23505"],
    shut: ["403 42501"],
    ask: ({ table, path, own, body }) => {
      const columns = granted[table.full].insert.map((column) => [column, own[column]]);
      return { method: "POST", path, body: { ...body, ...Object.fromEntries(columns) } };
    },
  },
  {
    command: "insert",
    askers: keys,
    onlyShut: true,
    open: [],
    shut: ["403 42501"],
    // No rule that it breaks may speak before the policy does.
    ask: ({ table, path, body }) => {
      const breaking: Record<string, Json> = { text: "none", jsonb: fields("missing") };
      const broken = table.columns.filter(({ name, type }) =>
        type in breaking && granted[table.full].insert.includes(name)
      );
      return {
        method: "POST",
        path,
        body: { ...body, ...Object.fromEntries(broken.map(({ name, type }) => [name, breaking[type]])) },
      };
    },
  },
  {
    command: "insert",
    askers: keys,
    isGranted: false,
    open: [],
    shut: [],
    ask: ({ table, path, body, foreign }) => ({
      method: "POST",
      path,
      body: { ...body, [keyOf(table)]: foreign[keyOf(table)] },
      headers: merged,
    }),
  },
  {
    command: "insert",
    askers: keys,
    onlyShut: true,
    open: [],
    shut: ["403 42501"],
    ask: ({ path, body }) => ({ method: "POST", path, body, headers: ignored }),
  },
  {
    command: "delete",
    askers: everybody,
    open: ["200 []"],
    shut: ["200 []"],
    ask: ({ row }) => ({ method: "DELETE", path: row, headers: shown }),
  },
  {
    command: "delete",
    askers: ["living"],
    isOwn: true,
    open: ["200 …"],
    shut: ["200 []"],
    ask: ({ row }) => ({ method: "DELETE", path: row, headers: shown }),
  },
];

function cellOf(verb: Verb, who: Principal, table: Table, mine: Workspace, theirs: Workspace): Cell {
  const { command, isOwn, open, shut } = verb;
  const [own, foreign] = [mine.rows[table.full][0], theirs.rows[table.full][0]];
  const key = keyOf(table);
  const path = `/${table.name}`;
  const hasGrant = granted[table.full][command].length > 0;
  const isWriting = command === "insert" || command === "update";
  const body = isWriting && (hasGrant ? written(table, command, own) : { [key]: own[key] });
  const opened = command === "delete" && isOwn ? [...open, ...inUse(table.full)] : open;
  const accepted = answersAt(who, scopeFor(table.full, command), verb.isGranted ?? hasGrant, opened, shut);
  const beside = command === "insert" && isOwn ? takenBeside[table.full] ?? [] : [];
  const lacks = mayOpen(verb, who, table) && !beside.every((one) => opens(who.scopes, one));
  // The embedded data API looks for the row to merge with first, PostgREST asks for the grant.
  const sooner = verb.isGranted === false && who.standing === "dead" ? ["401 UNAUTHORIZED"] : [];
  return {
    who,
    to: "rest",
    ...verb.ask({ table, path, row: `${path}?${key}=eq.${(isOwn ? own : foreign)[key]}`, own, foreign, body }),
    accepted: lacks ? ["403 INSUFFICIENT_SCOPE"] : [...accepted, ...sooner],
    secret: secretsFor(who, mine, theirs),
    about: [table.full],
    changes: isOwn && mayOpen(verb, who, table) && !lacks,
  };
}
