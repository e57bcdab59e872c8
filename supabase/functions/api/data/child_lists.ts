import type { z } from "zod";
import type { Database } from "./database.ts";
import { type ListQuery, type Page, readPage, type Resource } from "./lists.ts";
import { Id } from "../contract/values.ts";

/** One page of what belongs to an automation; throws 404 when there is no such automation. */
export async function readPageBelow(
  database: Database,
  automationId: string,
  resource: Resource,
  query: ListQuery,
): Promise<Page> {
  const filters: z.ZodRawShape = { ...resource.filters, automation_id: Id };
  const narrowed = { ...query, automation_id: automationId };
  const [page] = await Promise.all([
    readPage(database, { ...resource, filters }, narrowed),
    database.row((client) => client.from("automations").select("id").eq("id", automationId)),
  ]);
  return page;
}
