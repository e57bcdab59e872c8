-- Attributing an opportunity by hand (contract 2, `/referrals/attribute`): its hand-set referral outranks all others.

alter table public.referrals add column hand_set boolean not null default false;
create unique index referrals_hand_set on public.referrals (company_id, referred_deal_id) where hand_set;

-- Only referrals newer than this count for the opportunity's referrer, beside its hand-set one.
alter table public.crm_deals add column referrer_cleared_at timestamptz(3);

-- Who an opportunity is attributed to: its hand-set referral, else the newest one that is not declined and newer than the
-- last clearing.
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
create or replace function private.refresh_primary_referrers(deal_ids uuid[])
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

-- An opportunity with its placements and referrer, for a caller who has been let in already.
create function private.placements_in(deal_id uuid, workspace uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'id', placement.id,
        'pipeline_id', placement.pipeline_id,
        'stage_id', placement.stage_id,
        'position', placement.position,
        'pipeline', jsonb_build_object('id', pipeline.id, 'name', pipeline.name),
        'stage', jsonb_build_object('id', stage.id, 'name', stage.name)
      ) order by placement.created_at, placement.id
    ), '[]')
    from public.crm_deal_placements as placement
    join public.crm_pipelines as pipeline on pipeline.id = placement.pipeline_id
    join public.crm_pipeline_stages as stage on stage.id = placement.stage_id
    where placement.deal_id = placements_in.deal_id and placement.company_id = workspace
  );
end
$$;

create or replace function private.deal_placements(deal_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select private.placements_in(deal_placements.deal_id, private.company_for('opportunities:read'))
  );
end
$$;

-- Attributions of one opportunity come one after the other. Not by a lock on its row: whoever writes a referral locks that
-- first and the opportunity second, and a writer in the other order would meet them in a deadlock.
create function private.attribute_alone(deal_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('attribute ' || deal_id, 0));
end
$$;

-- Sets or reassigns the referrer of an opportunity, in place in its hand-set referral; without a contact, clears it. Gives
-- the opportunity with its referrer. Without `keeps_category` the category becomes `category`. A friend whom this referrer is
-- already on record for with this opportunity stays on that record. Raises 404 for either id.
create function private.attribute_opportunity(
  opportunity_id uuid,
  referrer_contact_id uuid,
  category text,
  keeps_category boolean
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('referrals:write');
  deal public.crm_deals;
  kept public.referrals;
  friend uuid;
begin
  perform private.attribute_alone(opportunity_id);
  select * into deal from public.crm_deals where id = opportunity_id and company_id = workspace;
  if not found then
    perform private.refuse(
      404, 'NOT_FOUND', 'opportunity_id names no row of your workspace.', details => 'opportunity_id'
    );
  end if;
  select * into kept
  from public.referrals
  where company_id = workspace and referred_deal_id = deal.id and hand_set
  for update;

  if attribute_opportunity.referrer_contact_id is null then
    update public.referrals set status = 'declined' where id = kept.id and status <> 'declined';
    update public.crm_deals set referrer_cleared_at = clock_timestamp() where id = deal.id;
    perform private.refresh_primary_referrer(deal.id);
  else
    if not exists (
      select from public.crm_contacts
      where id = attribute_opportunity.referrer_contact_id and company_id = workspace
    ) then
      perform private.refuse(
        404, 'NOT_FOUND', 'referrer_contact_id names no row of your workspace.', details => 'referrer_contact_id'
      );
    end if;
    if deal.contact_id <> attribute_opportunity.referrer_contact_id and not exists (
      select from public.referrals
      where company_id = workspace
        and referrals.referrer_contact_id = attribute_opportunity.referrer_contact_id
        and referred_contact_id = deal.contact_id
        and referred_deal_id = deal.id
        and not hand_set
    ) then
      friend := deal.contact_id;
    end if;

    loop
      begin
        if kept.id is null then
          insert into public.referrals (
            company_id, referrer_contact_id, referred_contact_id, referred_deal_id, category, hand_set
          )
          values (
            workspace, attribute_opportunity.referrer_contact_id, friend, deal.id, attribute_opportunity.category, true
          );
        else
          update public.referrals
          set referrer_contact_id = attribute_opportunity.referrer_contact_id,
            referred_contact_id = friend,
            category = case when keeps_category then kept.category else attribute_opportunity.category end,
            status = case when kept.status = 'declined' then 'pending' else kept.status end
          where id = kept.id
            and (
              kept.status = 'declined'
              or kept.referrer_contact_id <> attribute_opportunity.referrer_contact_id
              or kept.referred_contact_id is distinct from friend
              or not keeps_category and kept.category is distinct from attribute_opportunity.category
            );
        end if;
        exit;
      exception when unique_violation then
        -- Somebody has just put that friend on record.
        if friend is null then
          raise;
        end if;
        friend := null;
      end;
    end loop;
  end if;

  return (
    select to_jsonb(crm_deals) || jsonb_build_object(
      'placements', private.placements_in(crm_deals.id, workspace),
      'referrer', private.contact_card(crm_contacts)
    )
    from public.crm_deals
    left join public.crm_contacts on crm_contacts.id = crm_deals.primary_referrer_contact_id
    where crm_deals.id = deal.id
  );
end
$$;

create function public.attribute_opportunity(
  opportunity_id uuid,
  referrer_contact_id uuid default null,
  category text default null,
  keeps_category boolean default false
)
returns jsonb
language sql set search_path = ''
as $$ select private.attribute_opportunity(opportunity_id, referrer_contact_id, category, keeps_category) $$;

-- The id of the caller's own referral that is in the way of `chain`, laid over those of the referral `changed_id` when one is
-- given: the same referrer, contact and opportunity, or another that is set by hand for the opportunity.
create or replace function public.referral_in_the_way(chain jsonb, changed_id uuid default null)
returns uuid
language sql
stable
set search_path = ''
as $$
  with wanted as (
    select wanted.*
    from jsonb_populate_record(
      null::public.referrals,
      coalesce((select to_jsonb(referrals) from public.referrals where referrals.id = changed_id), '{}') || chain
    ) as wanted
  )
  select other.id
  from wanted
  join public.referrals as other on other.referrer_contact_id = wanted.referrer_contact_id
    and other.referred_contact_id = wanted.referred_contact_id
    and other.referred_deal_id is not distinct from wanted.referred_deal_id
  where other.id is distinct from changed_id
  union all
  select other.id
  from wanted
  join public.referrals as other on other.referred_deal_id = wanted.referred_deal_id and other.hand_set
  where wanted.hand_set and other.id is distinct from changed_id
  limit 1
$$;

revoke execute on function private.attribute_alone(uuid), private.foremost_referral(uuid, uuid, timestamptz), private.refresh_primary_referrer(uuid),
  private.placements_in(uuid, uuid), private.attribute_opportunity(uuid, uuid, text, boolean)
  from public;
revoke execute on function public.attribute_opportunity(uuid, uuid, text, boolean)
  from public, anon, authenticated, service_role;
grant execute on function private.attribute_opportunity(uuid, uuid, text, boolean),
  public.attribute_opportunity(uuid, uuid, text, boolean) to api_key;
