-- Events become deliveries and runs.

-- Makes the deliveries and runs of events that have none yet: one transaction, so nothing is lost or doubled by a kill. The
-- first `most_claimed` deliveries, but to those in `busy` and to those that fail, are taken at once. Subscribers are those of
-- this moment: who subscribes, and then lists, misses no write that was under way. Automations are those that were enabled
-- when it happened; a chain of them ends by a run that says so. Gives `{events, claimed}`: how many events, and the ids of the
-- deliveries taken.
create function private.fan_out(most integer, most_claimed integer, busy uuid[])
returns jsonb
language sql
security definer
set search_path = ''
as $$
  with waiting as (
    select id from private.events where fanned_out_at is null order by occurred_at limit most for update skip locked
  ), event as (
    update private.events set fanned_out_at = now() from waiting where events.id = waiting.id returning events.*
  ), delivery as (
    insert into public.webhook_deliveries (company_id, subscription_id, event_id, event_type, due_at)
    select subscription.company_id, subscription.id, event.id, event.type, case
      when subscription.failing_since is null
        and subscription.id <> all (busy)
        and row_number() over (order by event.occurred_at) <= most_claimed
      then now() + private.dispatch_lease()
      else date_trunc('milliseconds', now())
    end
    from event
    join public.webhook_subscriptions as subscription on subscription.company_id = event.company_id
      and subscription.enabled and event.type = any (subscription.events)
      and private.maker_allows(subscription.created_by, private.scopes_to_hear(event.type))
    on conflict on constraint webhook_deliveries_subscription_id_event_id_key do nothing
    returning id, due_at
  ), run as (
    insert into public.automation_runs (
      company_id, automation_id, event_id, trigger_type, depth, status, error, completed_at, duration_ms, due_at
    )
    select
      automation.company_id, automation.id, event.id, event.type, event.depth,
      case when event.depth < private.max_chain_depth() then 'running' else 'failed' end,
      case when event.depth >= private.max_chain_depth()
        then 'A chain of automations ends at depth ' || private.max_chain_depth() || ': this one was not run.'
      end,
      case when event.depth >= private.max_chain_depth() then now() end,
      case when event.depth >= private.max_chain_depth() then 0 end,
      case when event.depth < private.max_chain_depth() then date_trunc('milliseconds', now()) end
    from event
    join public.automations as automation on automation.company_id = event.company_id
      and automation.enabled
      and automation.enabled_at <= event.occurred_at
      and automation.trigger_type = event.type
      and (automation.stage_id is null or automation.stage_id = (event.data ->> 'stage_id')::uuid)
    where event.runs_automations
    order by automation.priority desc, automation.created_at, automation.id
    on conflict on constraint automation_runs_event_id_automation_id_key do nothing
  )
  select jsonb_build_object(
    'events', (select count(*) from event),
    'claimed', (select coalesce(jsonb_agg(id), '[]') from delivery where due_at > now())
  )
$$;
