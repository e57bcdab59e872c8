-- Events become deliveries and runs.

-- The workspaces with events that wait: steps from one to the next through the index, however many events each has.
create function private.companies_with_events()
returns setof uuid
language sql
stable
set search_path = ''
as $$
  with recursive waiting as (
    (select company_id from private.events where fanned_out_at is null order by company_id limit 1)
    union all
    select (
      select next.company_id
      from private.events as next
      where next.fanned_out_at is null and next.company_id > waiting.company_id
      order by next.company_id
      limit 1
    )
    from waiting
    where waiting.company_id is not null
  )
  select company_id from waiting where company_id is not null
$$;

-- How many runs a chain of automations has had that stems from this event.
create function private.chain_runs(root uuid)
returns bigint
language sql
stable
set search_path = ''
as $$
  select (select count(*) from public.automation_runs where event_id = root and refusal is null)
    + (select count(*) from public.automation_runs where root_id = root and depth > 0 and refusal is null)
$$;

-- Makes the deliveries and runs of these events, which the caller has locked. Subscriptions and automations are locked, so
-- that one deleted meanwhile is waited for instead of failing. Gives the ids of the deliveries taken.
create function private.fan_out_events(ids uuid[], most_claimed integer, busy uuid[])
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  companies uuid[] := array(select distinct company_id from private.events where id = any (ids));
  claimed uuid[];
begin
  -- Who fans out another event of the same chain counts its runs after these are there.
  perform pg_advisory_xact_lock(hashtextextended('referrals chain ' || root_id, 0))
  from (select distinct root_id from private.events where id = any (ids) and root_id is not null order by root_id) as root;

  with event as (
    update private.events set fanned_out_at = now() where id = any (ids) returning events.*
  ), subscription as materialized (
    select * from public.webhook_subscriptions where company_id = any (companies) and enabled for key share
  ), wanted as (
    select subscription.company_id, subscription.id as subscription_id, event.id as event_id, event.type, event.occurred_at,
      subscription.failing_since is null
        and subscription.id <> all (busy)
        and subscription.company_id <> all (busy)
        and not exists (
          select from private.webhook_circuits as circuit
          where circuit.company_id = subscription.company_id
            and circuit.host = subscription.host
            and circuit.open_until is not null
        ) as is_free
    from event
    join subscription on subscription.company_id = event.company_id and event.type = any (subscription.events)
      and private.maker_allows(subscription.created_by, private.scopes_to_hear(event.type))
  ), in_rounds as (
    select *, row_number() over (partition by company_id, is_free order by occurred_at, event_id) as round from wanted
  ), placed as (
    select *, is_free and row_number() over (partition by is_free order by round) <= most_claimed as is_taken from in_rounds
  ), delivery as (
    insert into public.webhook_deliveries (company_id, subscription_id, event_id, event_type, due_at, under_way)
    select company_id, subscription_id, event_id, type,
      case when is_taken then now() + private.dispatch_lease() else date_trunc('milliseconds', now()) end, is_taken
    from placed
    order by round
    on conflict on constraint webhook_deliveries_subscription_id_event_id_key do nothing
    returning id, under_way
  ), automation as materialized (
    select * from public.automations where company_id = any (companies) and enabled for key share
  ), start as (
    select event.id as event_id, event.type, event.depth, coalesce(event.root_id, event.id) as root_id,
      automation.id as automation_id, automation.company_id, automation.priority, automation.created_at,
      case when event.root_id is null then 0 else private.chain_runs(event.root_id) end as started,
      case
        when event.caused_by = automation.id
          then 'An automation does not start itself: this run stems from what it wrote, and was not run.'
        when event.depth >= private.max_chain_depth()
          then 'A chain of automations ends at depth ' || private.max_chain_depth() || ': this one was not run.'
      end as refusal
    from event
    join automation on automation.company_id = event.company_id
      and automation.enabled_at <= event.occurred_at
      and automation.trigger_type = event.type
      and (automation.stage_id is null or automation.stage_id = private.as_id(event.data ->> 'stage_id'))
    where event.runs_automations
  ), counted as (
    select *, started + row_number() over (
      partition by root_id, refusal is null order by event_id, priority desc, created_at, automation_id
    ) as place
    from start
  ), run as (
    insert into public.automation_runs (company_id, automation_id, event_id, trigger_type, depth, root_id, refusal)
    select company_id, automation_id, event_id, type, depth, root_id,
      coalesce(refusal, case when place > private.max_chain_runs()
        then 'This write has started ' || private.max_chain_runs() || ' runs already: this one was not run.'
      end)
    from counted
    order by priority desc, created_at, automation_id
    on conflict do nothing
  )
  select array_agg(id) into claimed from delivery where under_way;
  return coalesce(claimed, '{}');
end
$$;

-- Makes the deliveries and runs of events that have none yet: one transaction, so nothing is lost or doubled by a kill. Takes
-- turns over the workspaces, with as many events of each as make few rows, whatever their number of subscriptions. The first
-- `most_claimed` deliveries, but to those that are busy, fail or have an open circuit, are taken at once. Subscribers are those
-- of this moment: who subscribes, and then lists, misses no write that was under way. Automations are those that were enabled
-- when it happened. What goes wrong for one event, such as a subscription that somebody is about to delete, keeps back that one
-- alone. Gives `{claimed, more}`: the ids of the deliveries taken, and whether more events wait.
create function private.fan_out(most integer, most_claimed integer, busy uuid[])
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  waiting uuid[];
  claimed uuid[] := array[]::uuid[];
  workspace record;
  event uuid;
  is_done boolean := true;
begin
  with company as (
    select company_id, count(*) over () as companies
    from private.companies_with_events() as company_id
    order by random()
    limit most
  ), taken as (
    select event.id
    from company
    cross join lateral (
      select greatest(
        (select count(*) from public.webhook_subscriptions where company_id = company.company_id and enabled)
          + (select count(*) from public.automations where company_id = company.company_id and enabled),
        1
      ) as count
    ) as receivers
    cross join lateral (
      select id
      from private.events
      where company_id = company.company_id and fanned_out_at is null
      order by occurred_at
      limit greatest(most / company.companies / receivers.count, 1)
      for update skip locked
    ) as event
  )
  select array_agg(id) into waiting from taken;
  if waiting is null then
    return jsonb '{"claimed": [], "more": false}';
  end if;

  perform set_config('lock_timeout', '1s', true);
  begin
    claimed := private.fan_out_events(waiting, most_claimed, busy);
  exception when others then
    is_done := false;
    for workspace in
      select company_id, array_agg(id) as ids from private.events where id = any (waiting) group by company_id
    loop
      begin
        claimed := claimed || private.fan_out_events(workspace.ids, most_claimed - cardinality(claimed), busy);
        is_done := true;
      exception when lock_not_available or deadlock_detected then
        raise warning 'The events of % wait for a lock.', workspace.company_id;
      when others then
        foreach event in array workspace.ids loop
          begin
            claimed := claimed || private.fan_out_events(array[event], most_claimed - cardinality(claimed), busy);
            is_done := true;
          exception when others then
            raise warning 'The event % cannot be told: %', event, sqlerrm;
          end;
        end loop;
      end;
    end loop;
  end;
  return jsonb_build_object(
    'claimed', claimed,
    'more', is_done and exists (select from private.events where fanned_out_at is null)
  );
end
$$;
