import type { z } from "zod";
import type { Database } from "./database.ts";
import { type ListPage, type ListQuery, readPage, type Resource } from "./lists.ts";
import { Id } from "../contract/values.ts";

/** A row that others belong to, by the column in which they name it. */
type Parent = { table: "automations" | "webhook_subscriptions"; column: string; id: string };

/** One page of what belongs to a row; throws 404 when there is no such row. */
export async function readPageBelow<Row extends z.ZodObject>(
  database: Database,
  { table, column, id }: Parent,
  resource: Resource<Row>,
  query: ListQuery,
): Promise<ListPage<Partial<z.output<Row>>>> {
  const filters: z.ZodRawShape = { ...resource.filters, [column]: Id };
  const narrowed = { ...query, [column]: id };
  const [page] = await Promise.all([
    readPage(database, { ...resource, filters }, narrowed),
    database.row((client) => client.from(table).select("id").eq("id", id)),
  ]);
  return page;
}
