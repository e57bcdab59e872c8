import postgres from "postgres";
import { type Person, sql } from "./world.ts";

/** Subscribes all these addresses to a workspace's referrals, more of them than a key could. */
export const subscribeAll = (person: Person, urls: string[]) =>
  sql`
    with subscription as (
      insert into webhook_subscriptions (company_id, url, events)
      select ${person.companyId}, url, '{referral_attributed}' from unnest(${urls}::text[]) as url
      returning id, url
    )
    select url, id, private.issue_webhook_secret(id) from subscription
  `;

/** Ends all subscriptions of a workspace, and what waits for them, while the dispatcher may be at work on them. */
export async function unsubscribeAll({ companyId }: Person): Promise<void> {
  for (;;) {
    try {
      return void await sql`delete from webhook_subscriptions where company_id = ${companyId}`;
    } catch (error) {
      // Two who lock the same rows in another order: one of them begins anew.
      if (!(error instanceof postgres.PostgresError && error.code === "40P01")) throw error;
    }
  }
}
