-- What an automation did about an event (contract 5): once per event and automation, each action's result beside its effect.

create table public.automation_runs (
  id uuid primary key default gen_random_uuid(),
  run_id uuid not null generated always as (id) stored,
  company_id uuid not null,
  automation_id uuid not null,
  event_id uuid not null,
  status text not null default 'running' check (status in ('running', 'completed', 'failed', 'skipped')),
  trigger_type text not null,
  trigger_data jsonb not null,
  depth smallint not null default 0,
  started_at timestamptz(3) not null default now(),
  completed_at timestamptz(3),
  duration_ms integer,
  actions_total integer not null default 0,
  actions_executed integer not null default 0,
  actions_failed integer not null default 0,
  actions_skipped integer not null default 0,
  action_results jsonb not null default '[]',
  error text,
  -- while nobody works on it: since when it may be taken; while somebody does: until when; null when it is done
  due_at timestamptz(3) default date_trunc('milliseconds', now()),
  claims integer not null default 0,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (event_id, automation_id),
  check ((status = 'running') = (due_at is not null)),
  constraint automation_runs_automation_fkey foreign key (automation_id, company_id)
    references public.automations (id, company_id) on delete cascade
);

create index automation_runs_created_at on public.automation_runs (automation_id, company_id, created_at desc, id desc);
create index automation_runs_due on public.automation_runs (due_at) where due_at is not null;
create index automation_runs_age on public.automation_runs using brin (created_at);

-- The referral that an action wrote for an opportunity: the next time it changes that one.
create table private.automation_referrals (
  action_id uuid not null references public.automation_actions on delete cascade,
  deal_id uuid not null references public.crm_deals on delete cascade,
  referral_id uuid not null references public.referrals on delete cascade,
  primary key (action_id, deal_id)
);

create index automation_referrals_deal on private.automation_referrals (deal_id);
create index automation_referrals_referral on private.automation_referrals (referral_id);

create trigger automation_runs_touch before update on public.automation_runs
  for each row execute function private.touch_updated_at();

alter table public.automation_runs enable row level security;
revoke all on public.automation_runs from anon, authenticated;
grant select on public.automation_runs to api_key;

create policy "keys with automations:read see runs" on public.automation_runs
  for select to api_key
  using (company_id = (select private.company_for('automations:read')));

create function public.listed_at(public.automation_runs) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;

-- An event's `trigger_data` as the contract has it.
create function private.event_data(event private.events)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return event.data || jsonb_build_object(
    'event_id', event.id,
    'occurred_at', to_char(event.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  );
end
$$;

-- What conditions and `{{...}}` tokens see of a run beside its `trigger_data`, all of it the run's own workspace's.
create function private.run_context(workspace uuid, trigger_data jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'company', private.brand(companies),
      'deal', case when deal.id is not null then jsonb_build_object(
        'id', deal.id,
        'name', deal.name,
        'status', deal.status,
        'value', deal.value,
        'currency', deal.currency,
        'lead_source', deal.lead_source,
        'contact_id', deal.contact_id,
        'primary_referrer_contact_id', deal.primary_referrer_contact_id,
        'primary_referrer_category', deal.primary_referrer_category
      ) end,
      'contact', private.contact_card(contact),
      'referrer', private.contact_card(referrer)
    )
    from public.companies
    left join public.crm_deals as deal on deal.company_id = companies.id
      and deal.id = private.as_id(coalesce(trigger_data ->> 'deal_id', trigger_data ->> 'referred_deal_id'))
    left join public.crm_contacts as contact on contact.company_id = companies.id
      and contact.id = coalesce(
        private.as_id(trigger_data ->> 'contact_id'), private.as_id(trigger_data ->> 'referred_contact_id'), deal.contact_id
      )
    left join public.crm_contacts as referrer on referrer.company_id = companies.id
      and referrer.id = coalesce(
        private.as_id(trigger_data ->> 'referrer_contact_id'), deal.primary_referrer_contact_id
      )
    where companies.id = workspace
  );
end
$$;

-- A run as the dispatcher works on it.
create function private.run_job(run public.automation_runs)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'run_id', run.id,
      'event_id', run.event_id,
      'trigger_type', run.trigger_type,
      'trigger_data', run.trigger_data,
      'conditions', automations.conditions,
      'actions', (
        select coalesce(jsonb_agg(
          jsonb_build_object('id', id, 'action_type', action_type, 'sequence', sequence, 'config', config)
          order by sequence, created_at, id
        ), '[]')
        from public.automation_actions
        where automation_id = automations.id and company_id = automations.company_id
      ),
      'action_results', run.action_results,
      'context', private.run_context(run.company_id, run.trigger_data)
    )
    from public.automations
    where automations.id = run.automation_id
  );
end
$$;

-- How long who took a run or a delivery may work on it before somebody else does.
create function private.dispatch_lease() returns interval
language sql immutable set search_path = ''
as $$ select interval '60 seconds' $$;

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
  select * into action
  from public.automation_actions
  where id = action_id and automation_id = run.automation_id;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'This action was deleted.');
  end if;
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
  select id into recorded
  from public.referrals
  where company_id = run.company_id
    and referrer_contact_id = wanted.referrer_contact_id
    and referred_contact_id = wanted.referred_contact_id
    and referred_deal_id = deal.id
    and id is distinct from kept.id;
  if recorded is not null then
    kept.id := recorded;
  elsif kept.id is null then
    insert into public.referrals (
      company_id, referrer_contact_id, referred_contact_id, referred_deal_id, source, status, category, notes
    )
    values (
      run.company_id, wanted.referrer_contact_id, wanted.referred_contact_id, deal.id, 'automation', wanted.status,
      wanted.category, wanted.notes
    )
    returning * into kept;
    insert into private.automation_referrals (action_id, deal_id, referral_id)
    values (action.id, deal.id, kept.id)
    on conflict on constraint automation_referrals_pkey do update set referral_id = excluded.referral_id;
    operation := 'created';
  elsif (kept.referrer_contact_id, kept.referred_contact_id, kept.status, kept.category, kept.notes)
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
    run.id, action, request, jsonb_build_object('referral_id', kept.id, 'operation', operation)
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
  select * into action
  from public.automation_actions
  where id = action_id and automation_id = run.automation_id;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'This action was deleted.');
  end if;
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

-- Ends a run: `skipped` by its conditions, `failed` by an action, else `completed`. What has no result was skipped.
create function private.finish_run(run_id uuid, status text, actions_total integer, error text)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.automation_runs as run
  set status = finish_run.status,
    error = finish_run.error,
    completed_at = clock_timestamp(),
    duration_ms = extract(epoch from clock_timestamp() - run.started_at) * 1000,
    actions_total = finish_run.actions_total,
    actions_executed = results.completed,
    actions_failed = results.failed,
    actions_skipped = greatest(finish_run.actions_total - results.completed - results.failed, 0),
    due_at = null
  from (
    select same.id,
      count(*) filter (where result ->> 'status' = 'completed') as completed,
      count(*) filter (where result ->> 'status' = 'failed') as failed
    from public.automation_runs as same
    left join jsonb_array_elements(same.action_results) as result on true
    where same.id = finish_run.run_id
    group by same.id
  ) as results
  where run.id = results.id and run.status = 'running'
$$;

-- Starts a run of the caller's automation, enabled or not, with this `trigger_data`, where what is not given is null, as in any
-- other run's; gives its id. The caller is to work on it; when that fails, the dispatcher does. Raises 404.
create function private.start_automation_run(automation_id uuid, trigger_data jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('automations:trigger');
  automation public.automations;
  event private.events;
  run public.automation_runs;
begin
  if jsonb_typeof(start_automation_run.trigger_data) is distinct from 'object'
    or octet_length(start_automation_run.trigger_data::text) > 65536
  then
    perform private.refuse(
      400, 'VALIDATION_ERROR', 'trigger_data must be an object of at most 64 kB.', details => 'trigger_data'
    );
  end if;
  select * into automation
  from public.automations
  where id = start_automation_run.automation_id and company_id = workspace;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  insert into private.events (company_id, type, data, fanned_out_at)
  values (workspace, automation.trigger_type, case automation.trigger_type
    when 'referral_attributed' then private.referral_data(null, null) || '{"operation": null, "previous": null}'
    when 'stage_changed' then
      '{"deal_id": null, "contact_id": null, "pipeline_id": null, "stage_id": null, "from_stage_id": null}'
  end || (start_automation_run.trigger_data - 'event_id' - 'occurred_at'), now())
  returning * into event;
  insert into public.automation_runs (company_id, automation_id, event_id, trigger_type, trigger_data, due_at, claims)
  values (
    workspace, automation.id, event.id, automation.trigger_type, private.event_data(event),
    now() + private.dispatch_lease(), 1
  )
  returning * into run;
  return jsonb_build_object('run_id', run.id);
end
$$;

create function public.start_automation_run(automation_id uuid, trigger_data jsonb) returns jsonb
language sql set search_path = ''
as $$ select private.start_automation_run(automation_id, trigger_data) $$;

-- A run, for a key that may start runs; null when the workspace has no such run.
create function private.automation_run(run_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select to_jsonb(run)
  from public.automation_runs as run
  where run.id = automation_run.run_id
    and run.company_id = private.company_for('automations:trigger')
$$;

create function public.automation_run(run_id uuid) returns jsonb
language sql stable set search_path = ''
as $$ select private.automation_run(run_id) $$;

-- The rest is the dispatcher's, which acts for all workspaces as `service_role`.
create function public.run_job(run_id uuid) returns jsonb
language sql stable set search_path = ''
as $$ select private.run_job(automation_runs) from public.automation_runs where id = run_job.run_id $$;

create function public.record_action(run_id uuid, result jsonb) returns void
language sql set search_path = ''
as $$ select private.record_action(run_id, result) $$;

create function public.run_attribute_referral(run_id uuid, action_id uuid, request jsonb) returns void
language sql set search_path = ''
as $$ select private.run_attribute_referral(run_id, action_id, request) $$;

create function public.run_call_webhook(run_id uuid, action_id uuid) returns void
language sql set search_path = ''
as $$ select private.run_call_webhook(run_id, action_id) $$;

create function public.finish_run(run_id uuid, status text, actions_total integer, error text default null) returns void
language sql set search_path = ''
as $$ select private.finish_run(run_id, status, actions_total, error) $$;

revoke execute on function private.event_data(private.events), private.run_context(uuid, jsonb),
  private.run_job(public.automation_runs), private.dispatch_lease(), private.run_without(uuid, uuid),
  private.record_action(uuid, jsonb), private.record_completed(uuid, public.automation_actions, jsonb, jsonb),
  private.run_attribute_referral(uuid, uuid, jsonb), private.run_call_webhook(uuid, uuid),
  private.finish_run(uuid, text, integer, text), private.start_automation_run(uuid, jsonb),
  private.automation_run(uuid) from public;
revoke execute on function public.listed_at(public.automation_runs),
  public.start_automation_run(uuid, jsonb), public.automation_run(uuid), public.run_job(uuid), public.record_action(uuid, jsonb),
  public.run_attribute_referral(uuid, uuid, jsonb), public.run_call_webhook(uuid, uuid),
  public.finish_run(uuid, text, integer, text) from public, anon, authenticated, service_role;
grant execute on function public.listed_at(public.automation_runs),
  private.start_automation_run(uuid, jsonb), public.start_automation_run(uuid, jsonb), private.automation_run(uuid),
  public.automation_run(uuid) to api_key;
grant usage on schema private to service_role;
grant execute on function private.run_job(public.automation_runs), private.run_context(uuid, jsonb), private.as_id(text),
  private.brand(public.companies), private.contact_card(public.crm_contacts),
  private.record_action(uuid, jsonb), private.run_attribute_referral(uuid, uuid, jsonb),
  private.run_call_webhook(uuid, uuid), private.finish_run(uuid, text, integer, text),
  public.run_job(uuid), public.record_action(uuid, jsonb), public.run_attribute_referral(uuid, uuid, jsonb),
  public.run_call_webhook(uuid, uuid), public.finish_run(uuid, text, integer, text) to service_role;
