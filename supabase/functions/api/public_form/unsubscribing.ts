import { z } from "zod";
import { PublicBrand } from "../company/schema.ts";
import type { Database } from "../data/database.ts";
import { ApiError } from "../contract/errors.ts";

/** What `private.unsubscribe_form` gives. */
const Unsubscribing = z.object({ company: PublicBrand, unsubscribed: z.boolean() });
type Unsubscribing = z.output<typeof Unsubscribing>;

/** Who an unsubscribe link is from; throws 404. Changes nothing. */
export async function readUnsubscribing(database: Database, token: string): Promise<Unsubscribing> {
  const known = await database.value(Unsubscribing.nullable(), (client) => client.rpc("unsubscribe_form", { token }));
  if (known === null) throw new ApiError("NOT_FOUND", "There is no such link.");
  return known;
}

/** The workspace that now asks this person no more; throws 404. Repeating it is safe. */
export async function unsubscribe(database: Database, token: string): Promise<Unsubscribing["company"]> {
  const [{ company }] = await Promise.all([
    readUnsubscribing(database, token),
    database.ask((client) => client.rpc("unsubscribe", { token })),
  ]);
  return company;
}
