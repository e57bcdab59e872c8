-- Deliveries that are due, shared out among the workspaces, and among the subscriptions of each.

-- The enabled subscriptions with a delivery that is due, but those that are busy, by themselves or by their workspace, and those
-- to a host whose circuit is open; for a circuit that may be tried, one that a probe may go to. Steps from one subscription to
-- the next through the index, however many deliveries each has.
create function private.webhooks_due(busy uuid[])
returns table (id uuid, company_id uuid, host text, is_failing boolean, is_probe boolean)
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
  ), due as (
    select subscription.id, subscription.company_id, subscription.host, subscription.failing_since is not null as is_failing,
      circuit.open_until is not null as is_probe,
      row_number() over (
        partition by subscription.company_id, subscription.host order by subscription.failing_since is not null, random()
      ) as place
    from waiting
    join public.webhook_subscriptions as subscription on subscription.id = waiting.subscription_id
    left join private.webhook_circuits as circuit
      on circuit.company_id = subscription.company_id and circuit.host = subscription.host
    where subscription.enabled
      and subscription.id <> all (busy)
      and subscription.company_id <> all (busy)
      and (circuit.open_until is null or circuit.open_until <= now())
      and exists (
        select from public.webhook_deliveries as delivery
        where delivery.subscription_id = subscription.id and delivery.due_at <= now()
      )
  )
  select id, company_id, host, is_failing, is_probe from due where place = 1 or not is_probe
$$;

-- Takes deliveries that are due in turns over the workspaces, shared out among the subscriptions of each, few for one that
-- fails; none to those that are busy. Gives their ids.
create function private.claim_deliveries(most integer, busy uuid[])
returns setof uuid
language sql
security definer
set search_path = ''
as $$
  with due as materialized (
    select *, count(*) over (partition by company_id) as siblings, dense_rank() over (order by company_id) as company
    from private.webhooks_due(busy)
  ), candidate as materialized (
    select due.company_id, due.host, due.is_probe, delivery.id, delivery.due_at, due.id as subscription_id
    from due,
    lateral (
      select id, due_at
      from public.webhook_deliveries
      where subscription_id = due.id and due_at <= now()
      order by due_at
      limit least(
        case when due.is_probe then 1 when due.is_failing then 8 else most end,
        greatest(most / (select max(company) from due) / due.siblings, 1)
      )
      for update skip locked
    ) as delivery
  ), in_turns as (
    select *, row_number() over (partition by subscription_id order by due_at) as turn from candidate
  ), in_rounds as (
    select *, row_number() over (partition by company_id order by turn, due_at) as round from in_turns
  ), taken as (
    select * from in_rounds order by round, random() limit most
  ), circuit as (
    select circuit.company_id, circuit.host, taken.id as probe
    from private.webhook_circuits as circuit
    join taken using (company_id, host)
    where taken.is_probe
    for update of circuit skip locked
  ), probed as (
    update private.webhook_circuits as tried
    set open_until = now() + private.dispatch_lease(), probe = circuit.probe
    from circuit
    where tried.company_id = circuit.company_id and tried.host = circuit.host
  )
  update public.webhook_deliveries as delivery
  set due_at = now() + private.dispatch_lease(), under_way = true
  from taken
  where delivery.id = taken.id
  returning delivery.id
$$;

-- Deliveries as the dispatcher sends them: `[{id, subscription_id, url, secrets, event_id, event_type, tries, data}]`, without
-- those whose event or subscription is gone. The secrets of a subscription are read once. In `json`, which takes half the time
-- of `jsonb`.
create function private.delivery_jobs(ids uuid[])
returns json
language sql
stable
security definer
set search_path = ''
as $$
  with secret as materialized (
    select subscription_id, jsonb_agg(decrypted_secret order by expires_at nulls first) as secrets
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
grant execute on function private.delivery_jobs(uuid[]) to service_role;

create function public.delivery_jobs(ids uuid[]) returns json
language sql stable set search_path = ''
as $$ select private.delivery_jobs(ids) $$;
grant execute on function public.delivery_jobs(uuid[]) to service_role;
