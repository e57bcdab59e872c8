import type { z } from "zod";
import type { Database } from "./database.ts";
import { type ListPage, type ListQuery, readPage, type Resource } from "./lists.ts";
import { Id } from "../contract/values.ts";

/** The tables whose rows have others below them, with the column in which those name theirs. */
const columnOf = { automations: "automation_id", webhook_subscriptions: "subscription_id" } as const;

/** One page of what belongs to the row of `parent` with that id; throws 404 when there is no such row. */
export async function readPageBelow<Row extends z.ZodObject>(
  database: Database,
  parent: keyof typeof columnOf,
  id: string,
  resource: Resource<Row>,
  query: ListQuery,
): Promise<ListPage<Partial<z.output<Row>>>> {
  const filters: z.ZodRawShape = { ...resource.filters, [columnOf[parent]]: Id };
  const narrowed = { ...query, [columnOf[parent]]: id };
  const [page] = await Promise.all([
    readPage(database, { ...resource, filters }, narrowed),
    database.row((client) => client.from(parent).select("id").eq("id", id)),
  ]);
  return page;
}
