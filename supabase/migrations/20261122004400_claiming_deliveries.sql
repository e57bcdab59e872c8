-- Deliveries that are due, shared out among their subscriptions.

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
