-- Who an opportunity is attributed to: crm_deals.primary_referrer_contact_id and .primary_referrer_category, kept true by the
-- page referral_events for every kind of write to referrals.

-- The hand-set referral of an opportunity, else the newest one that is not declined and newer than the last clearing.
create function private.foremost_referral(deal uuid, workspace uuid, cleared_at timestamptz)
returns table (referrer_contact_id uuid, category text)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select referrals.referrer_contact_id, referrals.category
  from public.referrals
  where company_id = workspace and referred_deal_id = deal and hand_set and status <> 'declined';
  if not found then
    return query
    select referrals.referrer_contact_id, referrals.category
    from public.referrals
    where referred_deal_id = deal
      and company_id = workspace
      and status <> 'declined'
      and created_at > coalesce(cleared_at, '-infinity')
    order by created_at desc, id desc
    limit 1;
  end if;
end
$$;

-- Locks the opportunities in id order, then recomputes in a later statement: under READ COMMITTED that statement sees what
-- the writers it waited for have committed. Computing without the lock leaves stale values behind.
create function private.refresh_primary_referrers(deal_ids uuid[])
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform from public.crm_deals where id = any (deal_ids) order by id for no key update;

  update public.crm_deals
  set primary_referrer_contact_id = foremost.referrer_contact_id, primary_referrer_category = foremost.category
  from public.crm_deals as touched
  left join lateral private.foremost_referral(touched.id, touched.company_id, touched.referrer_cleared_at) as foremost on true
  where touched.id = any (deal_ids)
    and crm_deals.id = touched.id
    and (crm_deals.primary_referrer_contact_id, crm_deals.primary_referrer_category)
      is distinct from (foremost.referrer_contact_id, foremost.category);
end
$$;

-- The same for one opportunity, which most statements concern: through its index, where an array is planned for a table.
create function private.refresh_primary_referrer(deal_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  deal record;
  foremost record;
begin
  select company_id, primary_referrer_contact_id, primary_referrer_category, referrer_cleared_at into deal
  from public.crm_deals
  where id = deal_id
  for no key update;
  select * into foremost from private.foremost_referral(deal_id, deal.company_id, deal.referrer_cleared_at);
  if (deal.primary_referrer_contact_id, deal.primary_referrer_category)
    is distinct from (foremost.referrer_contact_id, foremost.category)
  then
    update public.crm_deals
    set primary_referrer_contact_id = foremost.referrer_contact_id, primary_referrer_category = foremost.category
    where id = deal_id;
  end if;
end
$$;
