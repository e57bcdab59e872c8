import { type Json, sql } from "./world.ts";

/** The cached columns and counters of a workspace that differ from what its referrals and opportunities say. */
export async function drift(companyId: string): Promise<Json[]> {
  return [
    ...await sql`
      select deal.name, primary_referrer_contact_id, primary_referrer_category, foremost.*
      from crm_deals as deal
      left join lateral (
        select referrer_contact_id, category
        from referrals
        where referred_deal_id = deal.id
          and status <> 'declined'
          and (hand_set or deal.referrer_cleared_at is null or created_at > deal.referrer_cleared_at)
        order by hand_set desc, created_at desc, id desc
        limit 1
      ) as foremost on true
      where company_id = ${companyId}
        and (primary_referrer_contact_id, primary_referrer_category) is distinct from (referrer_contact_id, category)
    `,
    ...await sql`
      select contact_id, counts.total, counts.converted, actual.total as actual, actual.converted as actually_converted
      from (select * from private.referrer_counts where company_id = ${companyId}) as counts
      full join (
        select referrer_contact_id as contact_id, count(*) as total, count(*) filter (where status = 'converted') as converted
        from referrals where company_id = ${companyId} and status <> 'declined' group by 1
      ) as actual using (contact_id)
      where (coalesce(counts.total, 0), coalesce(counts.converted, 0))
        <> (coalesce(actual.total, 0), coalesce(actual.converted, 0))
    `,
    ...await sql`
      select deal.name, deal.created_at, deal_created_at
      from crm_deal_placements as placement
      join crm_deals as deal on deal.id = deal_id
      where deal.company_id = ${companyId} and deal_created_at is distinct from deal.created_at
    `,
    ...await sql`
      select name, private.counted_rows(${companyId}, name) as counted, held
      from (
        select 'contacts' as name, count(*) as held from crm_contacts where company_id = ${companyId}
        union all
        select 'open_requests', count(*) from referral_requests
        where company_id = ${companyId} and written_status in ('sent', 'viewed')
      ) as actual
      where private.counted_rows(${companyId}, name) <> held
    `,
  ];
}
