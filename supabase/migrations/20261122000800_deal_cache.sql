-- crm_deals.primary_referrer_contact_id and .primary_referrer_category: those of the opportunity's newest referral
-- that is not declined, null without one; kept true for every kind of write to referrals.

-- Locks the opportunities in id order, then recomputes in a later statement: under READ COMMITTED that statement sees
-- what the writers it waited for have committed. Computing without the lock leaves stale values behind.
create function private.refresh_primary_referrers(deal_ids uuid[])
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform from public.crm_deals where id = any (deal_ids) order by id for no key update;

  update public.crm_deals
  set primary_referrer_contact_id = newest.referrer_contact_id,
    primary_referrer_category = newest.category
  from public.crm_deals as touched
  left join lateral (
    select referrals.referrer_contact_id, referrals.category
    from public.referrals
    where referrals.referred_deal_id = touched.id
      and referrals.company_id = touched.company_id
      and referrals.status <> 'declined'
    order by referrals.created_at desc, referrals.id desc
    limit 1
  ) as newest on true
  where touched.id = any (deal_ids)
    and crm_deals.id = touched.id
    and (crm_deals.primary_referrer_contact_id, crm_deals.primary_referrer_category)
      is distinct from (newest.referrer_contact_id, newest.category);
end
$$;

create function private.maintain_deal_cache()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  deal_ids uuid[];
begin
  if tg_op = 'INSERT' then
    select array_agg(distinct referred_deal_id) into deal_ids from new_rows where referred_deal_id is not null;
  elsif tg_op = 'DELETE' then
    select array_agg(distinct referred_deal_id) into deal_ids from old_rows where referred_deal_id is not null;
  else
    select array_agg(distinct deal_id) into deal_ids
    from old_rows
    join new_rows using (id),
    unnest(array[old_rows.referred_deal_id, new_rows.referred_deal_id]) as deal_id
    where deal_id is not null
      and (old_rows.referred_deal_id, old_rows.referrer_contact_id, old_rows.category, old_rows.status, old_rows.created_at)
        is distinct from
        (new_rows.referred_deal_id, new_rows.referrer_contact_id, new_rows.category, new_rows.status, new_rows.created_at);
  end if;
  if deal_ids is not null then
    perform private.refresh_primary_referrers(deal_ids);
  end if;
  return null;
end
$$;

create trigger referrals_maintain_deal_cache_on_insert after insert on public.referrals
  referencing new table as new_rows
  for each statement execute function private.maintain_deal_cache();

create trigger referrals_maintain_deal_cache_on_update after update on public.referrals
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.maintain_deal_cache();

create trigger referrals_maintain_deal_cache_on_delete after delete on public.referrals
  referencing old table as old_rows
  for each statement execute function private.maintain_deal_cache();

revoke execute on function private.refresh_primary_referrers(uuid[]), private.maintain_deal_cache() from public;
