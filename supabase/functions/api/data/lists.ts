import { z } from "zod";
import { type Cursor, readCursor, writeCursor } from "./cursor.ts";
import type { Client } from "./clients.ts";
import type { Database } from "./database.ts";
import { ApiError } from "../contract/errors.ts";
import { instant, presentPart } from "./rows.ts";
import { Instant, Names, WholeNumber } from "../contract/values.ts";

type Table =
  | "referrals"
  | "referral_requests"
  | "crm_deals"
  | "crm_contacts"
  | "crm_pipelines"
  | "automations"
  | "automation_actions"
  | "automation_runs"
  | "webhook_subscriptions"
  | "webhook_deliveries";

/** Views of a table that have its rows in the order of a list that a filter narrows. */
type View = "placed_deals" | "expired_requests";

/** A table as callers list it: its row's keys are columns (or computed fields), `expansions` computed fields of it. */
export type Resource<Row extends z.ZodObject = z.ZodObject, Filters extends z.ZodRawShape = z.ZodRawShape> = {
  table: Table;
  row: Row;
  expansions: readonly string[];
  /** Query parameters beside the grammar; each compares its column for equality unless `narrow` has it. */
  filters: Filters;
  narrow?: { [Filter in keyof Filters]?: (value: string) => Narrowing };
};

/** How a filter chooses rows, and from which view where the table is not enough. */
type Narrowing = { from?: View; apply: (query: Filterable) => Filterable };

type Filterable = ReturnType<typeof selectFrom>;

const selectFrom = (client: Client, from: Table | View, columns: string[], options: Counting = {}) =>
  // supabase-js takes a table or a view, but no name that may be either.
  client.from(from as Table).select(columns.join(","), options);

/** One page of a list, as the API answers it. */
export type ListPage<Row = unknown> = {
  data: Row[];
  pagination: {
    limit: number;
    total: number;
    has_more: boolean;
    next_cursor: string | null;
    prev_cursor: string | null;
    total_is_estimate?: true;
  };
};

type GivenRow = Record<string, unknown>;

/** What is selected is known to a request only, so supabase-js cannot tell: rows, of the columns that were asked for. */
const asRows = (selection: Filterable) => selection.overrideTypes<GivenRow[], { merge: false }>();

/** Up to this many rows a total is exact: PostgREST's `max-rows`, beyond which `count=estimated` estimates. */
const exactTotals = 1_000;
const grammar = ["limit", "after", "before", "fields", "expand"];

const expansions = (resource: Resource) => Names(resource.expansions, 5).optional();
const expandable = (resource: Resource) =>
  (resource.expansions.length > 0 ? { expand: expansions(resource) } : {}) as { expand: ReturnType<typeof expansions> };

/** The query parameters of a single read: `fields`, and `expand` where there is something to. */
export const readQuery = (resource: Resource) =>
  z.strictObject({ fields: Names(Object.keys(resource.row.shape)).optional(), ...expandable(resource) });

/** The query parameters of a list: the contract's list grammar and the resource's own filters. */
export const listQuery = <Filters extends z.ZodRawShape>(resource: Resource<z.ZodObject, Filters>) =>
  z.strictObject({
    limit: WholeNumber(1, 100).default(20),
    after: z.string().max(500).optional(),
    before: z.string().max(500).optional(),
    sort: z.enum(["created_at", "updated_at"]).default("created_at"),
    order: z.enum(["desc", "asc"]).default("desc"),
    created_after: Instant.optional(),
    created_before: Instant.optional(),
    fields: Names(Object.keys(resource.row.shape)).optional(),
    ...expandable(resource),
    ...resource.filters,
  });

type Selection = { fields?: string[]; expand?: string[] };
export type ListQuery = Selection & {
  limit: number;
  after?: string;
  before?: string;
  sort: "created_at" | "updated_at";
  order: "desc" | "asc";
  created_after?: string;
  created_before?: string;
};

const chosenKeys = (resource: Resource, { fields, expand }: Selection) => [
  ...(fields ?? Object.keys(resource.row.shape)),
  ...(expand ?? []),
];

/** One row by its id with the chosen fields and expansions; throws 404. */
export async function readRow<Row extends z.ZodObject>(
  database: Database,
  resource: Resource<Row>,
  id: string,
  query: Selection = {},
): Promise<Partial<z.output<Row>>> {
  const keys = chosenKeys(resource, query);
  const row = await database.row((client) => asRows(selectFrom(client, resource.table, keys).eq("id", id)));
  return presentPart(resource.row, row, keys);
}

/**
 * One page by keyset: no row that was there when the paging began, and is unchanged since, is skipped or comes twice.
 * The total is of all pages: with a cursor it is counted beside the page, not after it.
 */
export async function readPage<Row extends z.ZodObject>(
  database: Database,
  resource: Resource<Row>,
  query: ListQuery,
): Promise<ListPage<Partial<z.output<Row>>>> {
  if (query.after !== undefined && query.before !== undefined) {
    throw new ApiError("VALIDATION_ERROR", "after and before exclude each other.", {
      details: [{ path: "before", message: "cannot stand beside after" }],
    });
  }
  const identity = JSON.stringify([
    resource.table,
    ...Object.entries(query).filter(([name]) => !grammar.includes(name)).sort(),
  ]);
  const cursor = query.after !== undefined
    ? readCursor(identity, "after", query.after)
    : query.before !== undefined
    ? readCursor(identity, "before", query.before)
    : null;

  const backwards = query.before !== undefined;
  const keys = chosenKeys(resource, query);
  const columns = new Set([...keys, "id", query.sort, ...(query.sort === "updated_at" ? ["listed_at"] : [])]);
  const [{ data, count }, counted] = await Promise.all([
    database.rows((client) => {
      const selection = select(client, resource, query, [...columns], { count: cursor ? undefined : "estimated" });
      return asRows(place(selection, query, cursor));
    }),
    cursor
      ? database.ask((client) => select(client, resource, query, ["id"], { count: "estimated", head: true }).limit(1))
      : undefined,
  ]);

  const beyond = data.length > query.limit;
  const rows = data.slice(0, query.limit);
  if (backwards) rows.reverse();
  const mark = (row: GivenRow | undefined) =>
    row
      ? writeCursor(identity, {
        at: instant(String(row[query.sort])),
        id: String(row.id),
        began: cursor ? cursor.began : row.listed_at ? instant(String(row.listed_at)) : null,
      })
      : null;
  const total = (cursor ? counted?.count : count) ?? 0;
  return {
    data: rows.map((row) => presentPart(resource.row, row, keys)),
    pagination: {
      limit: query.limit,
      total,
      has_more: beyond,
      next_cursor: beyond || backwards ? mark(rows.at(-1)) : null,
      prev_cursor: (backwards ? beyond : cursor !== null) ? mark(rows[0]) : null,
      ...(total > exactTotals && { total_is_estimate: true }),
    },
  };
}

type Counting = { count?: "estimated"; head?: boolean };

function select(
  client: Client,
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
