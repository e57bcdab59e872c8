-- What the actions of a run do (contract 5): each one's result is recorded beside its effect, in one transaction.

-- The referral that an action wrote for an opportunity: the next time it changes that one.
create table private.automation_referrals (
  action_id uuid not null references public.automation_actions on delete cascade,
  deal_id uuid not null references public.crm_deals on delete cascade,
  referral_id uuid not null references public.referrals on delete cascade,
  primary key (action_id, deal_id)
);

create index automation_referrals_deal on private.automation_referrals (deal_id);
create index automation_referrals_referral on private.automation_referrals (referral_id);

-- The run, locked, when it is under way and that action has no result yet; an empty row otherwise.
create function private.run_without(run_id uuid, action_id uuid)
returns public.automation_runs
language plpgsql
set search_path = ''
as $$
declare
  run public.automation_runs;
begin
  select * into run
  from public.automation_runs
  where id = run_without.run_id
    and status = 'running'
    and not action_results @> jsonb_build_array(jsonb_build_object('action_id', action_id))
  for update;
  return run;
end
$$;

-- The action of the run's automation. Raises 404 when it was deleted meanwhile.
create function private.action_of(run public.automation_runs, action_id uuid)
returns public.automation_actions
language plpgsql
stable
set search_path = ''
as $$
declare
  action public.automation_actions;
begin
  select * into action
  from public.automation_actions
  where id = action_id and automation_id = run.automation_id;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'This action was deleted.');
  end if;
  return action;
end
$$;

-- Records `{action_id, action_type, sequence, status, duration_ms, request, response, error}`, once for an action.
create function private.record_action(run_id uuid, result jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if (private.run_without(run_id, (result ->> 'action_id')::uuid)).id is not null then
    update public.automation_runs
    set action_results = action_results || jsonb_build_array(result), due_at = now() + private.dispatch_lease()
    where id = record_action.run_id;
  end if;
end
$$;

create function private.record_completed(run_id uuid, action public.automation_actions, request jsonb, response jsonb)
returns void
language sql
set search_path = ''
as $$
  select private.record_action(run_id, jsonb_build_object(
    'action_id', action.id,
    'action_type', action.action_type,
    'sequence', action.sequence,
    'status', 'completed',
    'duration_ms', round(extract(epoch from clock_timestamp() - now()) * 1000),
    'request', request,
    'response', response,
    'error', null
  ))
$$;

-- The referral on record for the same referrer, contact and opportunity, other than that one.
create function private.referral_like(referral public.referrals, other_than uuid)
returns uuid
language sql
stable
set search_path = ''
as $$
  select id
  from public.referrals
  where company_id = referral.company_id
    and referrer_contact_id = referral.referrer_contact_id
    and referred_contact_id = referral.referred_contact_id
    and referred_deal_id = referral.referred_deal_id
    and id is distinct from other_than
$$;

-- Writes the referral of the run's opportunity, or changes the one that this action wrote before (contract 5). `request`
-- holds the fields to set; without a referrer it is the opportunity's primary contact. Effect and result are one
-- transaction, so repeating it does nothing. Raises the contract's refusals.
create function private.run_attribute_referral(run_id uuid, action_id uuid, request jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  run public.automation_runs := private.run_without(run_id, action_id);
  deal_id uuid := private.as_id(coalesce(run.trigger_data ->> 'deal_id', run.trigger_data ->> 'referred_deal_id'));
  action public.automation_actions;
  deal public.crm_deals;
  recorded uuid;
  kept public.referrals;
  wanted public.referrals;
  operation text := 'unchanged';
begin
  if run.id is null then
    return;
  end if;
  action := private.action_of(run, action_id);
  perform private.attribute_alone(deal_id);
  select * into deal from public.crm_deals where id = deal_id and company_id = run.company_id;
  if not found then
    perform private.refuse(400, 'VALIDATION_ERROR', 'The event names no opportunity to attribute.');
  end if;

  select referrals.* into kept
  from private.automation_referrals as written
  join public.referrals on referrals.id = written.referral_id and referrals.referred_deal_id = written.deal_id
  where written.action_id = action.id and written.deal_id = deal.id
  for update of referrals;

  wanted := kept;
  wanted.company_id := run.company_id;
  wanted.referred_deal_id := deal.id;
  wanted.status := coalesce(request ->> 'status', kept.status, 'pending');
  wanted.category := case when request ? 'category' then request ->> 'category' else kept.category end;
  wanted.notes := case when request ? 'notes' then request ->> 'notes' else kept.notes end;
  wanted.referrer_contact_id := coalesce(private.as_id(request ->> 'referrer_contact_id'), deal.contact_id);
  if wanted.referrer_contact_id is null then
    perform private.refuse(
      400, 'VALIDATION_ERROR', 'There is no referrer: the opportunity has no primary contact, and the action names nobody.'
    );
  end if;
  if not exists (
    select from public.crm_contacts where id = wanted.referrer_contact_id and company_id = run.company_id
  ) then
    perform private.refuse(404, 'NOT_FOUND', 'referrer_contact_id names no contact of this workspace.');
  end if;
  wanted.referred_contact_id := nullif(deal.contact_id, wanted.referrer_contact_id);

  perform set_config('referrals.chain_depth', (run.depth + 1)::text, true);
  -- What is on record already, by the form or by hand, is attribution enough.
  recorded := private.referral_like(wanted, kept.id);
  if recorded is null and kept.id is null then
    insert into public.referrals (
      company_id, referrer_contact_id, referred_contact_id, referred_deal_id, source, status, category, notes
    )
    values (
      wanted.company_id, wanted.referrer_contact_id, wanted.referred_contact_id, wanted.referred_deal_id, 'automation',
      wanted.status, wanted.category, wanted.notes
    )
    on conflict do nothing
    returning * into kept;
    if found then
      insert into private.automation_referrals (action_id, deal_id, referral_id)
      values (action.id, deal.id, kept.id)
      on conflict on constraint automation_referrals_pkey do update set referral_id = excluded.referral_id;
      operation := 'created';
    else
      -- Somebody put it on record while this insert waited for them.
      recorded := private.referral_like(wanted, null);
    end if;
  elsif recorded is null and (kept.referrer_contact_id, kept.referred_contact_id, kept.status, kept.category, kept.notes)
    is distinct from
    (wanted.referrer_contact_id, wanted.referred_contact_id, wanted.status, wanted.category, wanted.notes)
  then
    update public.referrals
    set referrer_contact_id = wanted.referrer_contact_id,
      referred_contact_id = wanted.referred_contact_id,
      status = wanted.status,
      category = wanted.category,
      notes = wanted.notes
    where id = kept.id;
    operation := 'updated';
  end if;

  perform private.record_completed(
    run.id, action, request, jsonb_build_object('referral_id', coalesce(recorded, kept.id), 'operation', operation)
  );
end
$$;

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
  subscription := private.webhook_for(run.company_id, action.config ->> 'url');
  if not subscription.enabled then
    perform private.refuse(
      409,
      'CONFLICT',
      'The webhook subscription with this address is disabled: '
        || coalesce(subscription.disabled_reason, 'somebody switched it off.')
    );
  end if;
  insert into public.webhook_deliveries (company_id, subscription_id, event_id, event_type)
  values (run.company_id, subscription.id, run.event_id, run.trigger_type)
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

create function public.record_action(run_id uuid, result jsonb) returns void
language sql set search_path = ''
as $$ select private.record_action(run_id, result) $$;

create function public.run_attribute_referral(run_id uuid, action_id uuid, request jsonb) returns void
language sql set search_path = ''
as $$ select private.run_attribute_referral(run_id, action_id, request) $$;

create function public.run_call_webhook(run_id uuid, action_id uuid) returns void
language sql set search_path = ''
as $$ select private.run_call_webhook(run_id, action_id) $$;

revoke execute on function private.run_without(uuid, uuid),
  private.action_of(public.automation_runs, uuid), private.record_action(uuid, jsonb),
  private.record_completed(uuid, public.automation_actions, jsonb, jsonb), private.referral_like(public.referrals, uuid),
  private.run_attribute_referral(uuid, uuid, jsonb), private.run_call_webhook(uuid, uuid) from public;
revoke execute on function public.record_action(uuid, jsonb), public.run_attribute_referral(uuid, uuid, jsonb),
  public.run_call_webhook(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function private.record_action(uuid, jsonb), private.run_attribute_referral(uuid, uuid, jsonb),
  private.run_call_webhook(uuid, uuid), public.record_action(uuid, jsonb),
  public.run_attribute_referral(uuid, uuid, jsonb), public.run_call_webhook(uuid, uuid) to service_role;
