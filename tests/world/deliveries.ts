import { eventually, type Json, type Person, sql } from "./world.ts";

/** The deliveries of a subscription, newest first, once the newest has been tried so often. */
export async function tried(person: Person, { id }: Json, count = 1, seconds = 10): Promise<Json[]> {
  return await eventually(async () => {
    const deliveries = await person.gets(`/webhooks/subscriptions/${id}/logs`);
    return deliveries[0]?.attempts.length >= count && deliveries;
  }, seconds);
}

/** A failure after which nothing is tried for an hour, unless `passTime` lets it pass. */
export const failure = (status: number) => new Response("Not now", { status, headers: { "retry-after": "3600" } });

/** Lets the time pass until the next try of all that a subscription waits for, and wakes the dispatcher as the sweep does. */
export async function passTime({ id }: Json): Promise<void> {
  await sql`
    update webhook_deliveries set due_at = date_trunc('milliseconds', now())
    where subscription_id = ${id} and status = 'pending'
  `;
  await sql`select private.wake_dispatcher()`;
}

/** What the row of a subscription says of its failures. */
export async function health(person: Person, { id }: Json): Promise<[boolean, string | null, boolean]> {
  const { enabled, disabled_reason, failing_since } = await person.gets(`/webhooks/subscriptions/${id}`);
  return [enabled, disabled_reason, failing_since !== null];
}
