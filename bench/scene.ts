import type postgres from "postgres";

const some = 20;

/**
 * The rows of a workspace that its statements are about: those that most others hang on, those that few do, and some of
 * each kind. Takes a superuser's connection.
 */
export async function scene(sql: postgres.Sql, companyId: string): Promise<Record<string, string | string[]>> {
  /** Of those that fill a page, the one with the most rows or with the fewest. */
  const most = async (table: string, column: string, order = "desc") => {
    const [row] = await sql.unsafe(
      `select ${column} as id from ${table} where company_id = $1 and ${column} is not null
      group by ${column} order by count(*) < 26, count(*) ${order} limit 1`,
      [companyId],
    );
    return row.id as string;
  };
  const any = async (table: string, condition = "true", column = "id", skip = 0) => {
    const rows = await sql.unsafe(
      `select ${column} as id from ${table} where company_id = $1 and ${condition} order by md5(id::text) limit ${some} offset ${skip}`,
      [companyId],
    );
    return rows.map(({ id }) => String(id));
  };
  const deal = await most("referrals", "referred_deal_id");
  return {
    referrer: await most("referrals", "referrer_contact_id"),
    friend: await most("referrals", "referred_contact_id"),
    deal,
    middle: new Date(Date.now() - 60 * 86_400_000).toISOString(),
    asked: await most("referral_requests", "contact_id"),
    client: await most("crm_deals", "contact_id"),
    primary: await most("crm_deals", "primary_referrer_contact_id"),
    pipeline: await most("crm_deal_placements", "pipeline_id"),
    rarePipeline: await most("crm_deal_placements", "pipeline_id", "asc"),
    stage: await most("crm_deal_placements", "stage_id"),
    rareStage: await most("crm_deal_placements", "stage_id", "asc"),
    automation: await any("automations"),
    subscription: await any("webhook_subscriptions"),
    event: await any("webhook_deliveries", "true", "event_id"),
    runs: await any("automation_runs"),
    contacts: await any("crm_contacts"),
    friends: await any("crm_contacts", "true", "id", some),
    emails: await any("crm_contacts", "true", "email"),
    deals: await any("crm_deals"),
    handSetDeals: await any("referrals", "hand_set", "referred_deal_id"),
    referrals: await any("referrals", "status = 'pending' and not hand_set and referred_deal_id is not null"),
    busyReferrals: await any("referrals", `status = 'accepted' and not hand_set and referred_deal_id = '${deal}'`),
    requests: await any("referral_requests", "submitted_at is null and viewed_at is null and expires_at > now()"),
  };
}
