import type { Cursor } from "./cursor.ts";
import type { Client } from "./clients.ts";
import type { Called, ListQuery, Resource, Table } from "./lists.ts";

/** Views of a table that have its rows in the order of a list that a filter narrows. */
type View = "placed_deals" | "expired_requests";

/** How a filter chooses rows, and from which view where the table is not enough. */
export type Narrowing = { from?: View; apply: (query: Filterable) => Filterable };

type Filterable = ReturnType<typeof selectFrom>;

const selectFrom = (client: Client, from: Table | View | Called, columns: string[], options: Counting = {}) =>
  typeof from === "object"
    ? selectCalled(client, from, columns, options)
    // supabase-js takes a table or a view, but no name that may be either.
    : client.from(from as Table).select(columns.join(","), options);

const ofTable = (client: Client, columns: string[]) => client.from("audit_log" as Table).select(columns.join(","));

const selectCalled = (client: Client, called: Called, columns: string[], options: Counting) =>
  // Rows of a table are selected, filtered and sorted alike, however they are come by.
  client.rpc(called.function, called.arguments, { count: options.count })
    .select(columns.join(",")) as unknown as ReturnType<typeof ofTable>;

type Counting = { count?: "estimated"; head?: boolean };

// What a request selects no type can tell supabase-js; it is rows all the same.
const asRows = (selection: Filterable) => selection.overrideTypes<Record<string, unknown>[], { merge: false }>();

/** The columns of the row with that id. */
export const selectRow = (client: Client, { table }: Resource, columns: string[], id: string) =>
  asRows(selectFrom(client, table, columns).eq("id", id));

/** The columns of the rows after (or before) a cursor, one more than the page holds; without a cursor, the count too. */
export function selectPage(
  client: Client,
  workspace: string | null,
  resource: Resource,
  columns: string[],
  query: ListQuery,
  cursor: Cursor | null,
) {
  const selection = select(client, workspace, resource, query, columns, { count: cursor ? undefined : "estimated" });
  return asRows(place(selection, query, cursor));
}

/** How many rows the list has, and none of them. */
export const selectCount = (client: Client, workspace: string | null, resource: Resource, query: ListQuery) =>
  select(client, workspace, resource, query, ["id"], { count: "estimated", head: true }).limit(1);

function select(
  client: Client,
  workspace: string | null,
  resource: Resource,
  query: ListQuery,
  columns: string[],
  options: Counting,
): Filterable {
  const narrowings = Object.entries(query)
    .filter(([name, value]) => name in resource.filters && value !== undefined)
    .map(([name, value]): Narrowing => {
      const narrow = resource.narrow?.[name];
      return narrow ? narrow(String(value)) : { apply: (selection) => selection.eq(name, String(value)) };
    });
  const from = narrowings.find(({ from }) => from)?.from ?? resource.table;
  let selection = selectFrom(client, from, columns, options);
  // Row level security says it too, but to the planner its workspace is an average one: a total would be estimated for that.
  if (workspace) selection = selection.eq("company_id", workspace);
  if (query.created_after) selection = selection.gt("created_at", query.created_after);
  if (query.created_before) selection = selection.lt("created_at", query.created_before);
  for (const { apply } of narrowings) selection = apply(selection);
  return selection;
}

function place(selection: Filterable, { sort, order, limit, before }: ListQuery, cursor: Cursor | null): Filterable {
  const ascending = (order === "asc") !== (before !== undefined);
  let placed = selection.order(sort, { ascending }).order("id", { ascending }).limit(limit + 1);
  if (cursor) {
    const { at, id, began } = cursor;
    const beyond = ascending ? "gt" : "lt";
    // The plain bound beside the disjunction makes it an index range; alone it would be a scan from the list's start.
    placed = (ascending ? placed.gte(sort, at) : placed.lte(sort, at))
      .or(`${sort}.${beyond}."${at}",and(${sort}.eq."${at}",id.${beyond}."${id}")`);
    if (began) placed = placed.lte("updated_at", began);
  }
  return placed;
}
