-- The outbox: every write to referrals, and every entry of an opportunity into a stage, leaves an event in the writer's own
-- transaction (contract 5). Nothing here can make a write fail, but what makes the event itself impossible.

create table private.events (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null,
  type text not null,
  -- the contract's `trigger_data` without `event_id` and `occurred_at`, which are the row's own
  data jsonb not null,
  -- how many automations lie between a caller's write and this one
  depth smallint not null default 0,
  runs_automations boolean not null default true,
  occurred_at timestamptz(3) not null default now(),
  -- when its deliveries and runs were made
  fanned_out_at timestamptz(3)
);

create index events_waiting on private.events (occurred_at) where fanned_out_at is null;
create index events_age on private.events using brin (occurred_at);

-- How deep in a chain of automations the current transaction writes: what they write says so.
create function private.chain_depth()
returns smallint
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce(nullif(current_setting('referrals.chain_depth', true), ''), '0')::smallint;
end
$$;

-- What `referral_attributed` tells of a referral, beside the operation and the old values.
create function private.referral_data(referral public.referrals, referrer_email text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'referral_id', referral.id,
    'referrer_contact_id', referral.referrer_contact_id,
    'referrer_email', referrer_email,
    'referred_contact_id', referral.referred_contact_id,
    'referred_deal_id', referral.referred_deal_id,
    'category', referral.category,
    'status', referral.status,
    'source', referral.source,
    'notes', referral.notes
  );
end
$$;

-- All that follows from a statement over referrals: its events, the referrers of its opportunities, and the counters. One
-- trigger, since each costs a writer as much as a third of the insert. `changes` are differences of the counters.
create function private.follow_inserted_referrals()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  deal_ids uuid[];
  changes private.referrer_counts[];
begin
  insert into private.events (company_id, type, depth, data)
  select new_rows.company_id, 'referral_attributed', private.chain_depth(),
    private.referral_data(new_rows, referrer.email) || '{"operation": "INSERT", "previous": {}}'
  from new_rows
  left join public.crm_contacts as referrer on referrer.id = new_rows.referrer_contact_id;

  select
    (select array_agg(distinct referred_deal_id order by referred_deal_id) from new_rows where referred_deal_id is not null),
    (
      select array_agg(change order by change.contact_id)
      from (
        select company_id, referrer_contact_id as contact_id, count(*), count(*) filter (where status = 'converted')
        from new_rows
        group by company_id, referrer_contact_id
      ) as change
    )
  into deal_ids, changes;
  perform private.follow_referrals(deal_ids, changes);
  return null;
end
$$;

create function private.follow_updated_referrals()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  deal_ids uuid[];
  changes private.referrer_counts[];
begin
  insert into private.events (company_id, type, depth, data)
  select new_rows.company_id, 'referral_attributed', private.chain_depth(),
    data || jsonb_build_object('operation', 'UPDATE', 'previous', (
      select coalesce(jsonb_object_agg(field.key, field.value), '{}')
      from jsonb_each(old_data) as field
      where field.value is distinct from data -> field.key
    ))
  from old_rows
  join new_rows using (id)
  left join public.crm_contacts as old_referrer on old_referrer.id = old_rows.referrer_contact_id
  left join public.crm_contacts as referrer on referrer.id = new_rows.referrer_contact_id,
  private.referral_data(old_rows, old_referrer.email) as old_data,
  private.referral_data(new_rows, referrer.email) as data;

  select array_agg(distinct deal_id order by deal_id) into deal_ids
  from old_rows
  join new_rows using (id),
  unnest(array[old_rows.referred_deal_id, new_rows.referred_deal_id]) as deal_id
  where deal_id is not null
    and (
      old_rows.referred_deal_id, old_rows.referrer_contact_id, old_rows.category, old_rows.status, old_rows.created_at,
      old_rows.hand_set
    ) is distinct from (
      new_rows.referred_deal_id, new_rows.referrer_contact_id, new_rows.category, new_rows.status, new_rows.created_at,
      new_rows.hand_set
    );
  select array_agg(change order by change.contact_id) into changes
  from (
    select company_id, referrer_contact_id as contact_id, sum(one)::bigint,
      coalesce(sum(one) filter (where status = 'converted'), 0)::bigint
    from (
      select company_id, referrer_contact_id, status, -1 as one from old_rows
      union all
      select company_id, referrer_contact_id, status, 1 from new_rows
    ) as both_sides
    group by company_id, referrer_contact_id
    having sum(one) <> 0 or sum(one) filter (where status = 'converted') <> 0
  ) as change;
  perform private.follow_referrals(deal_ids, changes);
  return null;
end
$$;

create function private.follow_deleted_referrals()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  deal_ids uuid[];
  changes private.referrer_counts[];
begin
  insert into private.events (company_id, type, depth, data)
  select old_rows.company_id, 'referral_attributed', private.chain_depth(),
    data || jsonb_build_object('operation', 'DELETE', 'previous', data)
  from old_rows
  left join public.crm_contacts as referrer on referrer.id = old_rows.referrer_contact_id,
  private.referral_data(old_rows, referrer.email) as data;

  select array_agg(distinct referred_deal_id order by referred_deal_id) into deal_ids
  from old_rows
  where referred_deal_id is not null;
  select array_agg(change order by change.contact_id) into changes
  from (
    select company_id, referrer_contact_id as contact_id, -count(*), -count(*) filter (where status = 'converted')
    from old_rows
    group by company_id, referrer_contact_id
  ) as change;
  perform private.follow_referrals(deal_ids, changes);
  return null;
end
$$;

-- The deal cache and the counters after a statement over referrals.
create function private.follow_referrals(deal_ids uuid[], changes private.referrer_counts[])
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if cardinality(deal_ids) = 1 then
    perform private.refresh_primary_referrer(deal_ids[1]);
  elsif deal_ids is not null then
    perform private.refresh_primary_referrers(deal_ids);
  end if;
  if cardinality(changes) = 1 then
    perform private.add_referrer_count(changes[1]);
  elsif changes is not null then
    perform private.add_referrer_counts(changes);
  end if;
end
$$;

-- `add_referrer_counts` for one referrer, whom most statements concern.
create function private.add_referrer_count(change private.referrer_counts)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update private.referrer_counts as counts
  set total = counts.total + change.total, converted = counts.converted + change.converted
  where counts.contact_id = change.contact_id and counts.company_id = change.company_id;
  if not found and change.total > 0 then
    insert into private.referrer_counts as counts (company_id, contact_id, total, converted)
    values (change.company_id, change.contact_id, change.total, change.converted)
    on conflict (contact_id, company_id) do update
    set total = counts.total + excluded.total, converted = counts.converted + excluded.converted;
  end if;
end
$$;

drop trigger referrals_maintain_deal_cache_on_insert on public.referrals;
drop trigger referrals_maintain_deal_cache_on_update on public.referrals;
drop trigger referrals_maintain_deal_cache_on_delete on public.referrals;
drop trigger referrals_maintain_referrer_counts_on_insert on public.referrals;
drop trigger referrals_maintain_referrer_counts_on_update on public.referrals;
drop trigger referrals_maintain_referrer_counts_on_delete on public.referrals;
drop function private.maintain_deal_cache(), private.maintain_referrer_counts();

create trigger referrals_follow_inserts after insert on public.referrals
  referencing new table as new_rows
  for each statement execute function private.follow_inserted_referrals();

create trigger referrals_follow_updates after update on public.referrals
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.follow_updated_referrals();

create trigger referrals_follow_deletes after delete on public.referrals
  referencing old table as old_rows
  for each statement execute function private.follow_deleted_referrals();

-- `stage_changed`: a placement is made, or its stage becomes another.
create function private.write_stage_events()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.events (company_id, type, depth, runs_automations, data)
    select new_rows.company_id, 'stage_changed', private.chain_depth(), private.starts_automations(), jsonb_build_object(
      'deal_id', new_rows.deal_id,
      'contact_id', crm_deals.contact_id,
      'pipeline_id', new_rows.pipeline_id,
      'stage_id', new_rows.stage_id,
      'from_stage_id', null
    )
    from new_rows
    join public.crm_deals on crm_deals.id = new_rows.deal_id;
  else
    insert into private.events (company_id, type, depth, runs_automations, data)
    select new_rows.company_id, 'stage_changed', private.chain_depth(), private.starts_automations(), jsonb_build_object(
      'deal_id', new_rows.deal_id,
      'contact_id', crm_deals.contact_id,
      'pipeline_id', new_rows.pipeline_id,
      'stage_id', new_rows.stage_id,
      'from_stage_id', old_rows.stage_id
    )
    from old_rows
    join new_rows using (id)
    join public.crm_deals on crm_deals.id = new_rows.deal_id
    where old_rows.stage_id <> new_rows.stage_id;
  end if;
  return null;
end
$$;

-- Whether what the current transaction writes starts automations (contract 4, `skip_automations`).
create function private.starts_automations()
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(current_setting('referrals.skip_automations', true), '') <> 'on'
$$;

create trigger crm_deal_placements_write_events_on_insert after insert on public.crm_deal_placements
  referencing new table as new_rows
  for each statement execute function private.write_stage_events();

create trigger crm_deal_placements_write_events_on_update after update on public.crm_deal_placements
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.write_stage_events();

-- The key that a wake-up is signed with; only the database knows it, and the database checks it.
select vault.create_secret(encode(extensions.gen_random_bytes(32), 'hex'), 'referrals_dispatch_key')
where not exists (select from vault.secrets where name = 'referrals_dispatch_key');

create function private.wake_up_signature(issued_at bigint)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select encode(extensions.hmac('wake-up.' || issued_at, decrypted_secret, 'sha256'), 'hex')
  from vault.decrypted_secrets
  where name = 'referrals_dispatch_key'
$$;

-- Asks pg_net to call the dispatcher after commit, unless such a call is waiting or Vault has no `referrals_dispatch_url`.
-- pg_net shows a call as waiting until it is answered: the dispatcher answers at once, and looks again before it ends.
-- pg_net keeps headers in clear text: they carry a signature that holds for five minutes. What goes wrong here is the
-- sweep's to mend, never the writer's to suffer.
create function private.wake_dispatcher()
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  dispatcher text;
  issued_at bigint := extract(epoch from clock_timestamp());
begin
  if exists (select from net.http_request_queue where url like '%/internal/dispatch') then
    return;
  end if;
  select decrypted_secret into dispatcher from vault.decrypted_secrets where name = 'referrals_dispatch_url';
  if dispatcher is not null then
    perform net.http_post(
      url => dispatcher,
      headers => jsonb_build_object(
        'Content-Type', 'application/json',
        'X-Dispatch-Time', issued_at::text,
        'X-Dispatch-Signature', private.wake_up_signature(issued_at)
      ),
      timeout_milliseconds => 2000
    );
  end if;
exception when others then
  raise warning 'The dispatcher was not woken: %', sqlerrm;
end
$$;

create function private.wake_dispatcher_for_events()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from new_rows) then
    perform private.wake_dispatcher();
  end if;
  return null;
end
$$;

create trigger events_wake_dispatcher after insert on private.events
  referencing new table as new_rows
  for each statement execute function private.wake_dispatcher_for_events();

revoke execute on function private.chain_depth(), private.referral_data(public.referrals, text),
  private.follow_inserted_referrals(), private.follow_updated_referrals(), private.follow_deleted_referrals(),
  private.follow_referrals(uuid[], private.referrer_counts[]), private.add_referrer_count(private.referrer_counts),
  private.write_stage_events(), private.starts_automations(), private.wake_up_signature(bigint),
  private.wake_dispatcher(), private.wake_dispatcher_for_events() from public;

-- Moving takes `skip_automations`: the move is told to subscribers, and starts no automation.
drop function public.move_opportunity(uuid, uuid, uuid, integer);

create function public.move_opportunity(
  opportunity_id uuid,
  target_pipeline_id uuid,
  target_stage_id uuid,
  target_position integer default null,
  skip_automations boolean default false
)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  if not exists (select from public.crm_deals where id = opportunity_id) then
    return null;
  end if;

  perform set_config('referrals.skip_automations', case when skip_automations then 'on' else '' end, true);
  insert into public.crm_deal_placements (deal_id, pipeline_id, stage_id, position)
  values (
    opportunity_id,
    target_pipeline_id,
    target_stage_id,
    coalesce(target_position, (
      select max(position) + 1
      from public.crm_deal_placements
      where stage_id = target_stage_id and pipeline_id = target_pipeline_id and deal_id <> opportunity_id
    ), 0)
  )
  on conflict (deal_id, pipeline_id, company_id) do update set stage_id = excluded.stage_id, position = excluded.position;
  perform set_config('referrals.skip_automations', '', true);

  return (
    select to_jsonb(crm_deals) || jsonb_build_object('placements', public.placements(crm_deals))
    from public.crm_deals
    where id = opportunity_id
  );
end
$$;

revoke execute on function public.move_opportunity(uuid, uuid, uuid, integer, boolean)
  from public, anon, authenticated, service_role;
grant execute on function public.move_opportunity(uuid, uuid, uuid, integer, boolean) to api_key;
