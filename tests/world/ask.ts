import { assertEquals } from "@std/assert";
import type { Json, Person } from "./world.ts";

/** Rita, a contact of the person's workspace, is asked for a referral; without a mail. Paths are below the base URL. */
export async function ask(person: Person, contact: Record<string, unknown> = {}): Promise<Asked> {
  const rita = await person.creates("/contacts", {
    first_name: "Rita",
    email: `rita-${crypto.randomUUID()}@example.com`,
    ...contact,
  });
  const [token, unsubscribe_token] = [`form-${crypto.randomUUID()}`, `stop-${crypto.randomUUID()}`];
  const asked = await person.rest("POST", "/rpc/ask_for_referral", { contact: rita.id, token, unsubscribe_token });
  assertEquals(asked.status, 200, asked.text);
  return {
    rita,
    requestId: asked.body.request_id,
    token,
    form: `/refer/${token}`,
    unsubscribe: `/public/unsubscribe/${unsubscribe_token}`,
  };
}

type Asked = { rita: Json; requestId: string; token: string; form: string; unsubscribe: string };
