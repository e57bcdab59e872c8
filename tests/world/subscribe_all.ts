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
