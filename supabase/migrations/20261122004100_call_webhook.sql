-- The action `call_webhook`: it sends the run's event to an address, as an ordinary delivery.

-- The workspace's subscription with this address, made without events when there is none: a `call_webhook` action's
-- deliveries are signed, retried, logged and disabled like all others. It is made for `maker`, the action's.
create function private.webhook_for(workspace uuid, address text, maker uuid)
returns public.webhook_subscriptions
language plpgsql
security definer
set search_path = ''
as $$
declare
  subscription public.webhook_subscriptions;
begin
  -- Two actions saved at once share one.
  perform pg_advisory_xact_lock(hashtextextended('webhook_for ' || workspace || ' ' || address, 0));
  select * into subscription
  from public.webhook_subscriptions
  where company_id = workspace and url = address
  order by enabled desc, created_at, id
  limit 1;
  if not found then
    insert into public.webhook_subscriptions (company_id, url, created_by)
    values (workspace, address, maker)
    returning * into subscription;
    perform private.issue_webhook_secret(subscription.id);
  end if;
  return subscription;
end
$$;

-- An action has its subscription, and that its secret, from when it is saved.
create function private.make_action_webhook()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.webhook_for(new.company_id, new.config ->> 'url', new.created_by);
  return null;
end
$$;

create trigger automation_actions_make_webhook after insert or update of action_type, config on public.automation_actions
  for each row when (new.action_type = 'call_webhook')
  execute function private.make_action_webhook();

-- Queues the run's event for the action's address, as an ordinary delivery; effect and result are one transaction.
create function private.run_call_webhook(run_id uuid, action_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  run public.automation_runs := private.run_without(run_id, action_id);
  action public.automation_actions;
  subscription public.webhook_subscriptions;
  delivery uuid;
begin
  if run.id is null then
    return;
  end if;
  action := private.action_of(run, action_id);
  subscription := private.webhook_for(run.company_id, action.config ->> 'url', action.created_by);
  if not subscription.enabled then
    perform private.refuse(
      409,
      'CONFLICT',
      'The webhook subscription with this address is disabled: '
        || coalesce(subscription.disabled_reason, 'somebody switched it off.')
    );
  end if;
  insert into public.webhook_deliveries (company_id, subscription_id, event_id, event_type)
  values (run.company_id, subscription.id, run.event_id, private.event_type_of(run))
  on conflict on constraint webhook_deliveries_subscription_id_event_id_key do nothing;
  select id into delivery
  from public.webhook_deliveries
  where subscription_id = subscription.id and event_id = run.event_id;
  perform private.record_completed(
    run.id,
    action,
    action.config,
    jsonb_build_object('delivery_id', delivery, 'subscription_id', subscription.id)
  );
end
$$;
grant execute on function private.run_call_webhook(uuid, uuid) to service_role;

create function public.run_call_webhook(run_id uuid, action_id uuid) returns void
language sql set search_path = ''
as $$ select private.run_call_webhook(run_id, action_id) $$;
grant execute on function public.run_call_webhook(uuid, uuid) to service_role;
