import { z } from "zod";
import { readCursor, writeCursor } from "./cursor.ts";
import type { Database } from "./database.ts";
import { ApiError } from "../contract/errors.ts";
import { instant, presentPart } from "./rows.ts";
import { type Narrowing, selectCount, selectPage, selectRow } from "./selections.ts";
import { Instant, Limit, Names } from "../contract/values.ts";

export type Table =
  | "referrals"
  | "referral_requests"
  | "crm_deals"
  | "crm_contacts"
  | "crm_pipelines"
  | "automations"
  | "automation_actions"
  | "automation_runs"
  | "webhook_subscriptions"
  | "webhook_deliveries"
  | "audit_log";

/** A function that gives the rows of a table which a key may see only there. */
export type Called = { function: "referral_history"; arguments: { referral_id: string } };

/** A table as callers list it: its row's keys are columns (or computed fields), `expansions` computed fields of it. */
export type Resource<Row extends z.ZodObject = z.ZodObject, Filters extends z.ZodRawShape = z.ZodRawShape> = {
  table: Table | Called;
  row: Row;
  expansions: readonly string[];
  /** Query parameters beside the grammar; each compares its column for equality unless `narrow` has it. */
  filters: Filters;
  /** How many rows a page has, where it is not said; 20 by default. */
  pageSize?: number;
  /** Keys of the row that TrustPager has and nothing here holds, as they are always answered. */
  unheld?: Record<string, null | false>;
  narrow?: { [Filter in keyof Filters]?: (value: string) => Narrowing };
};

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

/** Up to this many rows a total is exact: PostgREST's `max-rows`, beyond which `count=estimated` estimates. */
const exactTotals = 1_000;
const grammar = ["limit", "after", "cursor", "before", "fields", "expand"];

const expansions = (resource: Resource) => Names(resource.expansions, 5).optional();
const expandable = (resource: Resource) =>
  // Optional where it is, so that a query without it has the same type.
  (resource.expansions.length > 0 ? { expand: expansions(resource) } : {}) as { expand: ReturnType<typeof expansions> };

/** The query parameters of a single read: `fields`, and `expand` where there is something to. */
export const readQuery = (resource: Resource) =>
  z.strictObject({ fields: Names(Object.keys(resource.row.shape)).optional(), ...expandable(resource) });

/** The query parameters of a list: the grammar of docs/guide.md, "Lists", and the resource's own filters. */
export const listQuery = <Filters extends z.ZodRawShape>(resource: Resource<z.ZodObject, Filters>) =>
  z.strictObject({
    limit: Limit(100, resource.pageSize ?? 20),
    after: z.string().max(500).optional(),
    cursor: z.string().max(500).optional().meta({ description: "Another name of after" }),
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
  cursor?: string;
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

const held = ({ unheld = {} }: Resource, keys: string[]) => keys.filter((key) => !Object.hasOwn(unheld, key));

/** One row by its id with the chosen fields and expansions; throws 404. */
export async function readRow<Row extends z.ZodObject>(
  database: Database,
  resource: Resource<Row>,
  id: string,
  query: Selection = {},
): Promise<Partial<z.output<Row>>> {
  const keys = chosenKeys(resource, query);
  const row = await database.row((client) =>
    selectRow(client, resource, [...new Set(["id", ...held(resource, keys)])], id)
  );
  return presentPart(resource.row, { ...row, ...resource.unheld }, keys);
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
  const after = query.after ?? query.cursor;
  refuseTwoPlaces(query);
  const identity = JSON.stringify([
    resource.table,
    ...Object.entries(query).filter(([name]) => !grammar.includes(name)).sort(),
  ]);
  const cursor = after !== undefined
    ? readCursor(identity, query.after === undefined ? "cursor" : "after", after)
    : query.before !== undefined
    ? readCursor(identity, "before", query.before)
    : null;

  const { workspace } = database;
  const backwards = query.before !== undefined;
  const keys = chosenKeys(resource, query);
  const columns = new Set([
    ...held(resource, keys),
    "id",
    query.sort,
    ...(query.sort === "updated_at" ? ["listed_at"] : []),
  ]);
  const [{ data, count }, counted] = await Promise.all([
    database.rows((client) => selectPage(client, workspace, resource, [...columns], query, cursor)),
    cursor ? database.ask((client) => selectCount(client, workspace, resource, query)) : undefined,
  ]);

  const beyond = data.length > query.limit;
  const rows = data.slice(0, query.limit);
  if (backwards) rows.reverse();
  const mark = (row: typeof data[number] | undefined) =>
    row
      ? writeCursor(identity, {
        at: instant(String(row[query.sort])),
        id: String(row.id),
        began: cursor ? cursor.began : row.listed_at ? instant(String(row.listed_at)) : null,
      })
      : null;
  const total = (cursor ? counted?.count : count) ?? 0;
  return {
    data: rows.map((row) => presentPart(resource.row, resource.unheld ? { ...row, ...resource.unheld } : row, keys)),
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

/** The first page of a search, as TrustPager's clients ask for it; `filters` are the list's own. */
export async function searchPage<Row extends z.ZodObject>(
  database: Database,
  resource: Resource<Row>,
  { query: search, limit }: { query: string; limit: number },
  filters: Record<string, string> = {},
): Promise<ListPage<z.output<Row>>> {
  const query: ListQuery = { ...filters, ...{ search }, limit, sort: "created_at", order: "desc" };
  // All keys are asked for, so none is missing.
  return await readPage(database, resource, query) as ListPage<z.output<Row>>;
}

function refuseTwoPlaces(query: ListQuery): void {
  const [first, second] = (["after", "cursor", "before"] as const).filter((name) => query[name] !== undefined);
  if (second === undefined) return;
  throw new ApiError("VALIDATION_ERROR", `${first} and ${second} exclude each other.`, {
    details: [{ path: second, message: `cannot stand beside ${first}` }],
    fix: "Send one of the two.",
  });
}
