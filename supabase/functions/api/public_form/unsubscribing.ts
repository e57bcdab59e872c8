import type { Database } from "../data/database.ts";
import { ApiError } from "../contract/errors.ts";
import type { Form } from "./submission.ts";

/** What `private.unsubscribe_form` gives. */
export type Unsubscribing = { company: Form["company"]; unsubscribed: boolean };

/** Who an unsubscribe link is from; throws 404. Changes nothing. */
export async function readUnsubscribing(database: Database, token: string): Promise<Unsubscribing> {
  const { data } = await database.ask((client) => client.rpc("unsubscribe_form", { token }));
  if (data === null) throw new ApiError("NOT_FOUND", "There is no such link.");
  return data as Unsubscribing;
}

/** The workspace that now asks this person no more; throws 404. Repeating it is safe. */
export async function unsubscribe(database: Database, token: string): Promise<Form["company"]> {
  const [{ company }] = await Promise.all([
    readUnsubscribing(database, token),
    database.ask((client) => client.rpc("unsubscribe", { token })),
  ]);
  return company;
}
