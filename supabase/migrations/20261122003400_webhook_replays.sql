-- Deliveries that a caller asks for: a test event, and any delivery once more.

create function private.refuse_disabled_webhook(workspace uuid, subscription_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  is_enabled boolean;
begin
  select enabled into is_enabled
  from public.webhook_subscriptions
  where id = refuse_disabled_webhook.subscription_id and company_id = workspace;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  elsif not is_enabled then
    perform private.refuse(409, 'CONFLICT', 'This subscription is disabled: enable it first.');
  end if;
end
$$;

-- Queues a `webhook_test` event for the caller's subscription alone; gives the delivery. Raises 404, 409 when disabled.
create function private.test_webhook(subscription_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('webhooks:write');
  event private.events;
  delivery public.webhook_deliveries;
begin
  perform private.refuse_disabled_webhook(workspace, test_webhook.subscription_id);
  insert into private.events (company_id, type, data, fanned_out_at)
  values (workspace, 'webhook_test', jsonb_build_object('subscription_id', test_webhook.subscription_id), now())
  returning * into event;
  insert into public.webhook_deliveries (company_id, subscription_id, event_id, event_type)
  values (workspace, test_webhook.subscription_id, event.id, event.type)
  returning * into delivery;
  return to_jsonb(delivery);
end
$$;
grant execute on function private.test_webhook(uuid) to api_key;

create function public.test_webhook(subscription_id uuid) returns jsonb
language sql set search_path = ''
as $$ select private.test_webhook(subscription_id) $$;
grant execute on function public.test_webhook(uuid) to api_key;

-- Sends a delivery of the caller's workspace again, delivered or not, under the same webhook-id, with all tries anew; gives
-- it. Raises 404, 409 when the subscription is disabled, the event is gone, or who made the subscription may hear it no more.
create function private.replay_webhook_delivery(delivery_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('webhooks:write');
  delivery public.webhook_deliveries;
begin
  select * into delivery
  from public.webhook_deliveries
  where id = delivery_id and company_id = workspace
  for update;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  perform private.refuse_disabled_webhook(workspace, delivery.subscription_id);
  if not private.maker_allows(
    (select created_by from public.webhook_subscriptions where id = delivery.subscription_id),
    private.scopes_to_hear(delivery.event_type)
  ) then
    perform private.refuse(
      409, 'CONFLICT', 'The key that made this subscription may not be told of such events any more.'
    );
  end if;
  if not exists (select from private.events where id = delivery.event_id) then
    perform private.refuse(
      409, 'CONFLICT', 'This event is older than ' || extract(day from private.retention()) || ' days and is gone.'
    );
  end if;
  update public.webhook_deliveries
  set status = 'pending', attempt_count = 0, due_at = date_trunc('milliseconds', now()), delivered_at = null
  where id = delivery.id
  returning * into delivery;
  perform private.wake_dispatcher();
  return to_jsonb(delivery);
end
$$;
grant execute on function private.replay_webhook_delivery(uuid) to api_key;

create function public.replay_webhook_delivery(delivery_id uuid) returns jsonb
language sql set search_path = ''
as $$ select private.replay_webhook_delivery(delivery_id) $$;
grant execute on function public.replay_webhook_delivery(uuid) to api_key;
