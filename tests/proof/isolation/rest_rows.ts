import { type Json } from "../../world/world.ts";
import { exposed, granted, hidden, type Reference, references, type Table } from "./catalogue.ts";
import type { Cell } from "./cells.ts";
import type { Principal } from "./principals.ts";
import { inUse, resourceOf } from "./rules.ts";
import { keyOf, written } from "./rest_scopes.ts";
import type { Workspace } from "./workspaces.ts";

const missing = () => crypto.randomUUID();
const counted = { prefer: "count=exact" };
const shown = { prefer: "return=representation" };
const readable = exposed.filter(({ full }) => resourceOf(full) !== null);
const tableOf = (full: string) => exposed.find((table) => table.full === full);

type Sketch = Pick<Cell, "path" | "accepted"> & Partial<Omit<Cell, "about">> & { about?: string[] };

/** Whoever may do all in alice's workspace, at bob's rows: by id, by reference, by filter, embedded, sorted, counted. */
export function rowCells(admin: Principal, mine: Workspace, theirs: Workspace): Cell[] {
  const from = (table: Table): Sketch[] => [
    ...reads(table, mine, theirs),
    ...(table.kind === "v" ? embedsOfView(table) : [
      ...foreignReferences(table, mine, theirs),
      ...ungranted(table, mine, theirs),
      ...twins(table, mine, theirs),
      ...sweeps(table, mine),
    ]),
  ];
  return [
    ...readable.flatMap((table) => from(table).map((sketch) => ({ about: [table.full], ...sketch }))),
    ...references.flatMap((reference) => embeds(reference, theirs)),
    ...hidden.flatMap(({ name, full }) => [
      { path: `/${name}`, accepted: ["404 PGRST205"], about: [full] },
      { path: `/${name}`, headers: { "accept-profile": "private" }, accepted: ["406 PGRST106"], about: [full] },
    ]),
  ].map((sketch) => ({ who: admin, to: "rest", method: "GET", secret: [theirs.values], about: [], ...sketch }));
}

const ownerOf = ({ name }: Table) => name === "companies" ? "id" : "company_id";
const referencesOf = ({ full }: Table) => references.filter(({ table }) => table === full);

/** The columns of references, a view's by their type, without the workspace's own. */
const pointers = (table: Table) =>
  [
    ...new Set(
      table.kind === "v"
        ? table.columns.filter(({ type }) => type === "uuid").map(({ name }) => name)
        : referencesOf(table).flatMap(({ columns }) => columns),
    ),
  ].filter((column) => column !== ownerOf(table));

function reads(table: Table, mine: Workspace, theirs: Workspace): Sketch[] {
  const [foreign] = theirs.rows[table.full];
  const { name, full, columns } = table;
  const owner = ownerOf(table);
  const list = `/${name}?select=*`;
  const texts = columns.filter(({ name, type }) => type === "text" && theirs.values.words.includes(foreign[name]));
  const by = [...new Set([keyOf(table), ...pointers(table)])].filter((column) => foreign[column] !== null);
  const nothing = (search: string): Sketch => ({
    path: `${list}&${search}`,
    twin: { path: `${list}&${owner}=eq.${missing()}` },
    accepted: ["200 []"],
    headers: counted,
  });
  return [
    ...by.map((column) => nothing(`${column}=eq.${foreign[column]}`)),
    nothing(`${owner}=eq.${theirs.person.companyId}`),
    nothing(`${owner}=neq.${mine.person.companyId}`),
    ...(texts.length > 0
      ? [nothing(`or=(${texts.map(({ name }) => `${name}.eq."${encodeURIComponent(foreign[name])}"`)})`)]
      : []),
    { path: `${list}&or=(${owner}.eq.${theirs.person.companyId},${owner}.not.is.null)`, accepted: ["200 …"] },
    { path: `${list}&order=${columns.map(({ name }) => `${name}.desc`)}`, accepted: ["200 …"] },
    // Everything that anybody does adds to the log.
    ...(name === "audit_log" ? [] : [{
      path: `/${name}?select=${owner}&limit=1&offset=${mine.rows[full].length}`,
      accepted: ["200 []", "206 []", "416"],
      headers: counted,
    }]),
  ];
}

/** A reference to bob's row, wherever a key may write one: the same refusal as for a row that does not exist. */
function foreignReferences(table: Table, mine: Workspace, theirs: Workspace): Sketch[] {
  const [own] = mine.rows[table.full];
  const row = `/${table.name}?${keyOf(table)}=eq.${own[keyOf(table)]}`;
  return referencesOf(table).flatMap(({ columns, target, targetColumns }) => {
    const [foreign] = theirs.rows[target];
    const pointing = columns.filter((column) => column !== "company_id");
    if (pointing.length === 0) return [];
    const naming = (value: (column: string) => string) =>
      Object.fromEntries(pointing.map((column) => [column, value(targetColumns[columns.indexOf(column)])]));
    const [hidden, gone] = [naming((column) => foreign[column]), naming(missing)];
    const about = [table.full, target];
    return (["insert", "update"] as const).map((command) => {
      const isGranted = pointing.some((column) => granted[table.full][command].includes(column));
      const [method, path] = command === "insert" ? ["POST", `/${table.name}`] : ["PATCH", row];
      const base = command === "insert" ? written(table, command, own) : {};
      const allowed = pointing.filter((column) => !isGranted || granted[table.full][command].includes(column));
      const pick = (given: Json) => ({
        ...base,
        ...Object.fromEntries(allowed.map((column) => [column, given[column]])),
      });
      return {
        method,
        path,
        body: pick(hidden),
        twin: { path, body: pick(gone) },
        accepted: isGranted ? ["409 23503"] : ["403 42501"],
        about,
      };
    });
  });
}

/** Each column that is not for keys, its own value written once more; and the workspace, with bob's in its place. */
function ungranted(table: Table, mine: Workspace, theirs: Workspace): Sketch[] {
  const [own] = mine.rows[table.full];
  const row = `/${table.name}?${keyOf(table)}=eq.${own[keyOf(table)]}`;
  const shut = (command: "insert" | "update") =>
    table.columns.filter(({ name, generated }) => !generated && !granted[table.full][command].includes(name));
  const owner = ownerOf(table);
  const hijacked = { [owner]: theirs.person.companyId };
  return [
    {
      method: "POST",
      path: `/${table.name}`,
      body: { ...written(table, "insert", own), ...hijacked },
      accepted: ["403 42501"],
    },
    { method: "PATCH", path: row, body: hijacked, headers: shown, accepted: ["403 42501"] },
    ...shut("insert").map(({ name }) => ({
      method: "POST",
      path: `/${table.name}`,
      body: { ...written(table, "insert", own), [name]: own[name] },
      accepted: ["403 42501"],
    })),
    ...shut("update").map(({ name }) => ({
      method: "PATCH",
      path: row,
      body: { [name]: own[name] },
      headers: shown,
      accepted: ["403 42501"],
    })),
  ];
}

/** A row that repeats bob's, where alice's workspace may have it once: a unique index must not speak of his. */
function twins(table: Table, mine: Workspace, theirs: Workspace): Sketch[] {
  const [[own], [foreign]] = [mine.rows[table.full], theirs.rows[table.full]];
  const columns = granted[table.full].insert;
  const pointing = pointers(table).filter((column) => columns.includes(column) && foreign[column] !== null);
  const needed = written(table, "insert", own);
  const [path, method] = [`/${table.name}`, "POST"];
  if (columns.length === 0) return [];
  if (pointing.length > 0) {
    const [hidden, gone] = [(column: string) => foreign[column], missing].map((value) => ({
      ...needed,
      ...Object.fromEntries(pointing.map((column) => [column, value(column)])),
    }));
    return [{ method, path, body: hidden, twin: { path, body: gone }, accepted: ["409 23503"] }];
  }
  const copied = Object.fromEntries(columns.map((column) => [column, foreign[column]]));
  // Alice's own row holds bob's words from here on.
  const secret = [{ ids: theirs.values.ids, words: [] }];
  return [{ method, path, body: { ...copied, ...needed }, accepted: ["201"], changes: true, secret }];
}

/** One change of all rows there are, and their removal: both end at the workspace. */
function sweeps(table: Table, mine: Workspace): Sketch[] {
  const [own] = mine.rows[table.full];
  const path = `/${table.name}?${ownerOf(table)}=not.is.null`;
  const { update, delete: removed } = granted[table.full];
  const last = update.at(-1);
  const sweep = { path, accepted: ["204 []"], changes: true };
  return [
    ...(last ? [{ ...sweep, method: "PATCH", body: { [last]: own[last] } }] : []),
    ...(removed.length > 0
      ? [{ ...sweep, method: "DELETE", accepted: [...sweep.accepted, ...inUse(table.full)] }]
      : []),
  ];
}

/** What a view may inline over the references of the tables behind it. */
function embedsOfView({ name, behind, columns }: Table): Sketch[] {
  return references.filter(({ table, columns: pointing }) =>
    behind.includes(table) && pointing.every((column) => columns.some(({ name }) => name === column))
  ).map((reference) => ({
    path: `/${name}?select=*,found:${tableOf(reference.target)!.name}!${reference.name}(*)`,
    accepted: ["200 …", "400"],
  }));
}

function embeds({ name, table, target, columns, targetColumns }: Reference, theirs: Workspace): Sketch[] {
  const [source, aim] = [tableOf(table), tableOf(target)];
  if (!source || !aim || name === "crm_contacts_company_id_fkey") return [];
  const about = [table, target];
  const isOpen = [source, aim].every((end) => readable.includes(end));
  const accepted = isOpen ? ["200 …"] : ["403 42501"];
  const [foreign] = theirs.rows[target];
  const inner = `/${source.name}?select=*,found:${aim.name}!${name}!inner(*)&found.${targetColumns[0]}=eq.${
    foreign[targetColumns[0]]
  }`;
  return [
    { path: `/${source.name}?select=*,found:${aim.name}!${name}(*)`, accepted, about },
    { path: `/${aim.name}?select=*,found:${source.name}!${name}(*)`, accepted, about },
    { path: inner, accepted: isOpen ? ["200 []"] : ["403 42501"], about },
    {
      path: `/${source.name}?select=${columns[0]}&order=${aim.name}(${targetColumns[0]}).desc`,
      accepted: ["200 …", "400", "403 42501"],
      about,
    },
  ];
}
