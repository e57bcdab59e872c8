-- What the dispatcher asks of the outbox, as `service_role`: wake-ups proven, work claimed under a lease, outcomes recorded.

-- Whether a wake-up was signed here within the last five minutes.
create function private.accept_wake_up(issued_at bigint, signature text)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(
    abs(extract(epoch from clock_timestamp()) - issued_at) <= 300
      -- Hashed, so that the time of the comparison tells nothing.
      and sha256(convert_to(signature, 'UTF8')) = sha256(convert_to(private.wake_up_signature(issued_at), 'UTF8')),
    false
  )
$$;

-- Makes the deliveries and runs of events that have none yet: one transaction, so nothing is lost or doubled by a kill. The
-- first `most_claimed` deliveries, but to those in `busy` and to those that fail, are taken at once. Subscribers are those of
-- this moment: who subscribes, and then lists, misses no write that was under way. Automations are those that were enabled
-- when it happened; a chain of them ends at depth 5, by a run that says so. Gives `{events, claimed}`: how many events, and the
-- ids of the deliveries taken.
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
    on conflict on constraint webhook_deliveries_subscription_id_event_id_key do nothing
    returning id, due_at
  ), run as (
    insert into public.automation_runs (
      company_id, automation_id, event_id, trigger_type, trigger_data, depth, status, error, completed_at, duration_ms, due_at
    )
    select
      automation.company_id, automation.id, event.id, event.type, private.event_data(event::private.events), event.depth,
      case when event.depth < 5 then 'running' else 'failed' end,
      case when event.depth >= 5 then 'A chain of automations ends at depth 5: this one was not run.' end,
      case when event.depth >= 5 then now() end,
      case when event.depth >= 5 then 0 end,
      case when event.depth < 5 then date_trunc('milliseconds', now()) end
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

-- The enabled subscriptions with a delivery that is due, but those in `busy`: steps from one to the next through the index,
-- however many deliveries each has.
create function private.subscriptions_due(busy uuid[])
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  with recursive waiting as (
    (
      select subscription_id
      from public.webhook_deliveries
      where due_at is not null
      order by subscription_id
      limit 1
    )
    union all
    select (
      select next.subscription_id
      from public.webhook_deliveries as next
      where next.due_at is not null and next.subscription_id > waiting.subscription_id
      order by next.subscription_id
      limit 1
    )
    from waiting
    where waiting.subscription_id is not null
  )
  select subscription.id
  from waiting
  join public.webhook_subscriptions as subscription on subscription.id = waiting.subscription_id
  where subscription.enabled
    and subscription.id <> all (busy)
    and exists (
      select from public.webhook_deliveries as delivery
      where delivery.subscription_id = subscription.id and delivery.due_at <= now()
    )
$$;

-- Takes deliveries that are due, shared out among their subscriptions, few for one that fails; none of those in `busy`. Gives
-- their ids.
create function private.claim_deliveries(most integer, busy uuid[])
returns setof uuid
language sql
security definer
set search_path = ''
as $$
  with due as (
    select subscription_id, count(*) over () as subscriptions
    from private.subscriptions_due(busy) as subscription_id
    order by random()
    limit most
  ), taken as (
    select delivery.id
    from due
    join public.webhook_subscriptions as subscription on subscription.id = due.subscription_id,
    lateral (
      select id
      from public.webhook_deliveries
      where subscription_id = due.subscription_id and due_at <= now()
      order by due_at
      limit least(
        case when subscription.failing_since is null then most else 8 end,
        greatest(most / due.subscriptions, 4)
      )
      for update skip locked
    ) as delivery
  )
  update public.webhook_deliveries as delivery
  set due_at = now() + private.dispatch_lease()
  from taken
  where delivery.id = taken.id
  returning delivery.id
$$;

-- Deliveries as the dispatcher sends them: `[{id, subscription_id, url, secrets, event_id, event_type, tries, data}]`. In
-- `json`, which takes half the time of `jsonb`.
create function private.delivery_jobs(ids uuid[])
returns json
language sql
stable
set search_path = ''
as $$
  with secret as (
    select subscription_id, jsonb_agg(decrypted_secret order by webhook_secrets.created_at desc) as secrets
    from private.webhook_secrets
    join vault.decrypted_secrets on decrypted_secrets.id = webhook_secrets.vault_id
    where subscription_id in (select subscription_id from public.webhook_deliveries where id = any (ids))
      and (expires_at is null or expires_at > now())
    group by subscription_id
  )
  select coalesce(json_agg(json_build_object(
    'id', delivery.id,
    'subscription_id', delivery.subscription_id,
    'url', subscription.url,
    'secrets', secret.secrets,
    'event_id', delivery.event_id,
    'event_type', delivery.event_type,
    'tries', delivery.attempt_count,
    'data', private.event_data(event)
  )), '[]')
  from public.webhook_deliveries as delivery
  join public.webhook_subscriptions as subscription on subscription.id = delivery.subscription_id
  join private.events as event on event.id = delivery.event_id
  left join secret on secret.subscription_id = delivery.subscription_id
  where delivery.id = any (ids)
$$;

-- The first runs that are due, those of one event by their priority, and none of an event of which some are under way. One
-- that was interrupted three times may be what ends the dispatcher: it comes alone.
create function private.runs_due(most integer)
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  with due as (
    select run.id, run.claims >= 3 as is_suspect, row_number() over (
      order by run.due_at, run.event_id, automations.priority desc, automations.created_at, automations.id
    ) as place
    from public.automation_runs as run
    join public.automations on automations.id = run.automation_id
    where run.due_at <= now()
      and not exists (
        select from public.automation_runs as other where other.event_id = run.event_id and other.due_at > now()
      )
    order by place
    limit most
  )
  select due.id
  from due
  join due as first on first.place = 1
  where due.place = 1 or not (due.is_suspect or first.is_suspect)
$$;

-- Takes runs that are due; one that was taken twenty times without an end has failed. Gives their jobs.
create function private.claim_runs(most integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  taken uuid[];
begin
  select array_agg(id) into taken
  from (
    select id
    from public.automation_runs
    where id in (select private.runs_due(most)) and due_at <= now()
    for update skip locked
  ) as due;

  perform private.finish_run(id, 'failed', 0, 'It was given up after twenty tries that did not come to an end.')
  from public.automation_runs
  where id = any (taken) and claims >= 20;

  update public.automation_runs
  set due_at = now() + private.dispatch_lease(), claims = claims + 1
  where id = any (taken) and status = 'running';

  return (
    select coalesce(jsonb_agg(
      private.run_job(run) || jsonb_build_object('runs_alone', run.claims > 3)
      order by run.created_at, run.event_id, automations.priority desc, automations.created_at, automations.id
    ), '[]')
    from public.automation_runs as run
    join public.automations on automations.id = run.automation_id
    where run.id = any (taken) and run.status = 'running'
  );
end
$$;

-- One round of the dispatcher: fans out, then claims. Gives `{deliveries, runs, more}`, `more` when others are due already.
create function private.claim_work(most_deliveries integer, most_runs integer, busy uuid[])
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  fanned jsonb := private.fan_out(most_deliveries, most_deliveries, busy);
  taken uuid[] := array(select jsonb_array_elements_text(fanned -> 'claimed')::uuid);
  runs jsonb := private.claim_runs(most_runs);
begin
  if cardinality(taken) < most_deliveries then
    taken := taken || array(select private.claim_deliveries(most_deliveries - cardinality(taken), busy));
  end if;
  return json_build_object(
    'deliveries', private.delivery_jobs(taken),
    'runs', runs,
    'more', (fanned ->> 'events')::integer = most_deliveries
      or exists (select from private.subscriptions_due(busy))
      or most_runs > 0 and exists (select from private.runs_due(1))
  );
end
$$;

-- How long to wait after so many tries, before jitter: ten tries over 75 hours; null after the last.
create function private.retry_wait(tries integer) returns interval
language sql immutable set search_path = ''
as $$ select (array['5 s', '5 min', '30 min', '2 h', '5 h', '10 h', '14 h', '20 h', '24 h']::interval[])[tries] $$;

-- Records outcomes: `[{id, tries, status, body, error, retry_after, duration_ms}]`, `status` that of the HTTP answer, null without
-- one, `retry_after` in seconds. Anything but 2xx is tried again later; 410, or five days without a success, disables the
-- subscription and says so in its row. A delivery that was recorded as delivered stays so, and a failure is recorded once:
-- only as long as no more than `tries` were before it.
create function private.record_deliveries(outcomes jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- In one order, so that two dispatchers wait for each other instead of locking each other out.
  perform from public.webhook_deliveries as delivery
  join jsonb_to_recordset(outcomes) as outcome (id uuid) using (id)
  order by delivery.id
  for update of delivery;
  perform from public.webhook_subscriptions
  where id in (
    select subscription_id
    from public.webhook_deliveries as delivery
    join jsonb_to_recordset(outcomes) as outcome (id uuid, status integer) using (id)
    join public.webhook_subscriptions as subscription on subscription.id = delivery.subscription_id
    where (subscription.failing_since is null) <> coalesce(outcome.status between 200 and 299, false)
      or outcome.status = 410
      or subscription.failing_since < now() - interval '5 days'
  )
  order by id
  for update;

  with outcome as (
    select outcome.*, coalesce(outcome.status between 200 and 299, false) as succeeded
    from jsonb_to_recordset(outcomes)
      as outcome (
        id uuid, tries integer, status integer, body text, error text, retry_after integer, duration_ms integer
      )
  ), recorded as (
    update public.webhook_deliveries as delivery
    set attempt_count = delivery.attempt_count + 1,
      last_attempt_at = clock_timestamp(),
      response_status = outcome.status,
      response_body = outcome.body,
      error = outcome.error,
      duration_ms = outcome.duration_ms,
      attempts = delivery.attempts || jsonb_build_array(jsonb_build_object(
        'attempted_at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'response_status', outcome.status,
        'error', outcome.error,
        'duration_ms', outcome.duration_ms
      )),
      status = case
        when outcome.succeeded then 'delivered'
        when outcome.status = 410 or private.retry_wait(delivery.attempt_count + 1) is null then 'failed'
        else 'pending'
      end,
      delivered_at = case when outcome.succeeded then clock_timestamp() end,
      due_at = case
        when outcome.succeeded or outcome.status = 410 or private.retry_wait(delivery.attempt_count + 1) is null then null
        else clock_timestamp() + greatest(
          private.retry_wait(delivery.attempt_count + 1) * (1 + random() * 0.2),
          case when outcome.retry_after > 0 then make_interval(secs => least(outcome.retry_after, 86400)) end
        )
      end
    from outcome
    where delivery.id = outcome.id
      and delivery.status = 'pending'
      and (outcome.succeeded or delivery.attempt_count = outcome.tries)
    returning delivery.subscription_id, outcome.succeeded, coalesce(outcome.status = 410, false) as gone
  ), verdict as (
    select subscription_id, bool_or(succeeded) as succeeded, bool_or(gone) as gone
    from recorded
    group by subscription_id
  )
  update public.webhook_subscriptions as subscription
  set failing_since = case when verdict.succeeded then null else coalesce(subscription.failing_since, clock_timestamp()) end,
    enabled = subscription.enabled and not verdict.gone
      and (verdict.succeeded or coalesce(subscription.failing_since >= now() - interval '5 days', true)),
    disabled_reason = case
      when not subscription.enabled then subscription.disabled_reason
      when verdict.gone then 'It answered 410 Gone.'
      when not verdict.succeeded and subscription.failing_since < now() - interval '5 days'
        then 'Every delivery has failed for five days.'
    end
  from verdict
  where subscription.id = verdict.subscription_id
    and ((subscription.failing_since is null) <> verdict.succeeded or verdict.gone
      or subscription.failing_since < now() - interval '5 days');
end
$$;

create function public.accept_wake_up(issued_at bigint, signature text) returns boolean
language sql stable set search_path = ''
as $$ select private.accept_wake_up(issued_at, signature) $$;

create function public.claim_work(most_deliveries integer, most_runs integer, busy uuid[] default '{}') returns json
language sql set search_path = ''
as $$ select private.claim_work(most_deliveries, most_runs, busy) $$;

create function public.record_deliveries(outcomes jsonb) returns void
language sql set search_path = ''
as $$ select private.record_deliveries(outcomes) $$;

revoke execute on function private.accept_wake_up(bigint, text), private.fan_out(integer, integer, uuid[]),
  private.subscriptions_due(uuid[]), private.claim_deliveries(integer, uuid[]), private.delivery_jobs(uuid[]),
  private.runs_due(integer), private.claim_runs(integer), private.claim_work(integer, integer, uuid[]),
  private.retry_wait(integer), private.record_deliveries(jsonb) from public;
revoke execute on function public.accept_wake_up(bigint, text), public.claim_work(integer, integer, uuid[]),
  public.record_deliveries(jsonb) from public, anon, authenticated, service_role;
grant execute on function private.accept_wake_up(bigint, text), private.claim_work(integer, integer, uuid[]),
  private.record_deliveries(jsonb), public.accept_wake_up(bigint, text), public.claim_work(integer, integer, uuid[]),
  public.record_deliveries(jsonb) to service_role;
