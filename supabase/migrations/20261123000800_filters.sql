-- Each list with one filter has an index in the list's order. None is partial by the filter's value: a prepared statement's
-- plan does not know it.

-- The planner takes every workspace for an average one, a referrer for one of any workspace, and may read, join and sort all rows
-- of a large one where an index has them in order. Keys read by indexes, row by row, and keep a page's plan: planning it anew
-- takes longer than reading it.
alter role api_key set enable_seqscan = off;
alter role api_key set enable_bitmapscan = off;
alter role api_key set enable_hashjoin = off;
alter role api_key set enable_mergejoin = off;
alter role api_key set enable_material = off;
alter role api_key set jit = off;
alter role api_key set plan_cache_mode = force_generic_plan;
notify pgrst, 'reload config';

create index automation_runs_status
  on public.automation_runs (automation_id, company_id, status, created_at desc, id desc);
create index webhook_deliveries_status
  on public.webhook_deliveries (subscription_id, company_id, status, created_at desc, id desc);
create index webhook_deliveries_event_type
  on public.webhook_deliveries (subscription_id, company_id, event_type, created_at desc, id desc);

-- A row's workspace follows from what the row belongs to. Who does not know that expects so few rows of one subscription that any
-- further filter looks needless.
create statistics public.automation_runs_owner (dependencies) on automation_id, company_id from public.automation_runs;
create statistics public.webhook_deliveries_owner (dependencies) on subscription_id, company_id from public.webhook_deliveries;
create statistics public.crm_deal_placements_owner (dependencies)
  on stage_id, pipeline_id, company_id from public.crm_deal_placements;
create statistics public.crm_deals_owner (dependencies)
  on contact_id, primary_referrer_contact_id, company_id from public.crm_deals;
create statistics public.referral_requests_owner (dependencies) on contact_id, company_id from public.referral_requests;
create statistics public.referrals_owner (dependencies)
  on referrer_contact_id, referred_contact_id, referred_deal_id, company_id from public.referrals;

-- Opportunities by pipeline and stage: a placement carries when its opportunity was made.
alter table public.crm_deal_placements add column deal_created_at timestamptz(3);
alter table public.crm_deal_placements disable trigger user;
update public.crm_deal_placements set deal_created_at = crm_deals.created_at
from public.crm_deals
where crm_deals.id = deal_id;
alter table public.crm_deal_placements enable trigger user;

drop index public.crm_deal_placements_pipeline;
create index crm_deal_placements_pipeline
  on public.crm_deal_placements (pipeline_id, company_id, deal_created_at desc, deal_id desc);
create index crm_deal_placements_stage_deals
  on public.crm_deal_placements (stage_id, company_id, deal_created_at desc, deal_id desc);

-- The opportunity is locked, so that a change of its age waits for this row, or this row for it. One that is hidden or missing
-- is the foreign key's to refuse.
create function private.note_deal_age()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  select created_at into new.deal_created_at
  from public.crm_deals
  where id = new.deal_id and company_id = new.company_id
  for share;
  return new;
end
$$;

create trigger crm_deal_placements_note_deal_age before insert or update of deal_id, company_id, deal_created_at
  on public.crm_deal_placements
  for each row execute function private.note_deal_age();

create function private.pass_on_deal_age()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.crm_deal_placements set deal_created_at = new.created_at where deal_id = new.id;
  return null;
end
$$;

create trigger crm_deals_pass_on_age after update of created_at on public.crm_deals
  for each row when (new.created_at is distinct from old.created_at)
  execute function private.pass_on_deal_age();

-- Opportunities by where they stand: one row for each pipeline that an opportunity is in. The join is an outer one, though none
-- is without its opportunity, since one that nothing asks for is left out then: of a count.
create view public.placed_deals with (security_invoker = true) as
select
  placement.deal_id as id,
  placement.company_id,
  deal.name,
  deal.status,
  deal.contact_id,
  deal.value,
  deal.currency,
  deal.lead_source,
  deal.primary_referrer_contact_id,
  deal.primary_referrer_category,
  placement.pipeline_id,
  placement.stage_id,
  placement.deal_created_at as created_at,
  deal.updated_at,
  private.deal_placements(placement.deal_id) as placements,
  private.deal_contact(placement.deal_id) as contact,
  private.deal_referrer(placement.deal_id) as referrer,
  now()::timestamptz(3) as listed_at
from public.crm_deal_placements as placement
left join public.crm_deals as deal on deal.id = placement.deal_id and deal.company_id = placement.company_id;

-- Requests by status: an index knows no clock, so the status is kept as of the last write, with when it lapses by itself, and a
-- job writes those that have lapsed. What reads it asks the clock too, and depends on no job.
alter table public.referral_requests
  add column written_status text not null default 'sent'
    check (written_status in ('sent', 'viewed', 'submitted', 'expired')),
  add column lapses_at timestamptz(3);

create function private.write_request_status()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- A withdrawal's date may have been rounded up, into the future.
  new.written_status := case
    when new.withdrawn_at is not null and new.submitted_at is null then 'expired'
    else public.status(new)
  end;
  new.lapses_at := case when new.written_status in ('sent', 'viewed') then new.expires_at end;
  return new;
end
$$;

create trigger referral_requests_write_status before insert or update on public.referral_requests
  for each row execute function private.write_request_status();

-- A request that lapses is not edited: only the job, and the line below, name the status in a statement. Triggers fire by name,
-- so this one comes before the other has written it.
drop trigger referral_requests_touch on public.referral_requests;
create trigger referral_requests_touch before update on public.referral_requests
  for each row when (new.written_status = old.written_status) execute function private.touch_updated_at();

update public.referral_requests set written_status = '';

create index referral_requests_status
  on public.referral_requests (company_id, written_status, created_at desc, id desc);
create index referral_requests_lapses_at on public.referral_requests (lapses_at, company_id) where lapses_at is not null;

create function private.write_expired_requests()
returns void
language sql
security definer
set search_path = ''
as $$
  update public.referral_requests set written_status = 'expired'
  where id in (
    select id from public.referral_requests
    where lapses_at <= now()
    for update skip locked
  )
$$;

do $$
begin
  if to_regprocedure('cron.schedule(text, text, text)') is not null then
    perform cron.schedule('referrals expiry', '* * * * *', 'select private.write_expired_requests()');
  end if;
end
$$;

-- Each half in the list's order, so that they are merged and nothing is sorted.
create view public.expired_requests with (security_invoker = true) as
select *, 'expired'::text as status, now()::timestamptz(3) as listed_at
from (
  (
    select id, company_id, contact_id, deal_id, recipient_email, recipient_name, sent_at, viewed_at, submitted_at, referral_id,
      expires_at, created_at, updated_at
    from public.referral_requests
    where written_status = 'expired'
    order by created_at desc, id desc
  )
  union all
  (
    select id, company_id, contact_id, deal_id, recipient_email, recipient_name, sent_at, viewed_at, submitted_at, referral_id,
      expires_at, created_at, updated_at
    from public.referral_requests
    where lapses_at <= now()
    order by created_at desc, id desc
  )
) as expired;

-- To Postgres a view that it cannot write is a fault of the view; to a caller it is a right that nobody has.
create function private.refuse_write()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise insufficient_privilege using message = format('The view %s cannot be written.', tg_table_name);
end
$$;

create trigger placed_deals_refuse_write instead of insert or update or delete on public.placed_deals
  for each row execute function private.refuse_write();
create trigger expired_requests_refuse_write instead of insert or update or delete on public.expired_requests
  for each row execute function private.refuse_write();

revoke all on public.placed_deals, public.expired_requests from anon, authenticated, service_role;
grant select on public.placed_deals, public.expired_requests to api_key;
revoke execute on function private.note_deal_age(), private.pass_on_deal_age(), private.write_request_status(),
  private.write_expired_requests(), private.refuse_write() from public;
