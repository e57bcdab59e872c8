-- What an automation did about an event: once per event and automation.

create table public.automation_runs (
  id uuid primary key default gen_random_uuid(),
  run_id uuid not null generated always as (id) stored,
  company_id uuid not null,
  automation_id uuid not null,
  event_id uuid not null,
  status text not null default 'running' check (status in ('running', 'completed', 'failed', 'skipped')),
  -- of its event, or `api` for a run that a key started by hand
  trigger_type text not null,
  triggered_by uuid,
  depth smallint not null default 0,
  -- the event that the chain of automations stems from
  root_id uuid,
  -- why it does nothing should its conditions hold
  refusal text,
  started_at timestamptz(3) not null default now(),
  completed_at timestamptz(3),
  duration_ms integer,
  actions_total integer not null default 0,
  actions_executed integer not null default 0,
  actions_failed integer not null default 0,
  actions_skipped integer not null default 0,
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
create index automation_runs_status
  on public.automation_runs (automation_id, company_id, status, created_at desc, id desc);
create index automation_runs_due on public.automation_runs (company_id, due_at, event_id) where due_at is not null;
create index automation_runs_chained on public.automation_runs (root_id) where depth > 0;
-- A refusal is recorded once for an automation and a write.
create unique index automation_runs_refused
  on public.automation_runs (company_id, root_id, automation_id, refusal) where refusal is not null;
create index automation_runs_age on public.automation_runs using brin (created_at);

-- A row's workspace follows from what the row belongs to: see the page opportunities.
create statistics public.automation_runs_owner (dependencies) on automation_id, company_id from public.automation_runs;

create trigger automation_runs_touch before update on public.automation_runs
  for each row execute function private.touch_updated_at();

alter table public.automation_runs enable row level security;
grant all on public.automation_runs to service_role;
grant select on public.automation_runs to api_key;

create policy "keys with automations:read see runs" on public.automation_runs
  for select to api_key
  using (company_id = (select private.company_for('automations:read')));

-- When a list of them was read: see the page updated_at.
create function public.listed_at(public.automation_runs) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;
grant execute on function public.listed_at(public.automation_runs) to api_key;

-- The type of a run's event.
create function private.event_type_of(run public.automation_runs)
returns text
language sql
immutable
set search_path = ''
as $$
  select case run.trigger_type when 'api' then 'automation_triggered' else run.trigger_type end
$$;

-- What started a run, as its event tells; of one by hand, what its starter said.
create function private.trigger_data_of(run public.automation_runs)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  told jsonb;
begin
  select private.event_data(events) into told from private.events where events.id = run.event_id;
  if run.trigger_type = 'api' then
    told := (told -> 'trigger_data')
      || jsonb_build_object('event_id', told -> 'event_id', 'occurred_at', told -> 'occurred_at');
  end if;
  return coalesce(told, '{}');
end
$$;
grant execute on function private.trigger_data_of(public.automation_runs) to service_role;

-- What each action of a run did: `{action_id, action_type, sequence, status, duration_ms, request, response, error}`. Who lacks
-- one of the `scopes` is not shown what was asked for and what came of it.
create table private.action_results (
  run_id uuid not null references public.automation_runs on delete cascade,
  action_id uuid not null,
  result jsonb not null,
  scopes text[] not null,
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (run_id, action_id)
);

create function private.action_results_of(run_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(result order by recorded_at), '[]')
  from private.action_results
  where action_results.run_id = action_results_of.run_id
$$;
grant execute on function private.action_results_of(uuid) to service_role;

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
        'tags', (
          select coalesce(jsonb_agg(coalesce(tag ->> 'name', tag #>> '{}') order by place), '[]')
          from jsonb_array_elements(deal.tags) with ordinality as listed (tag, place)
        ),
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
grant execute on function private.run_context(uuid, jsonb) to service_role;

-- A run as who works on it sees it: for the dispatcher, which acts for all workspaces as `service_role`.
create function private.run_job(run public.automation_runs)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  trigger_data jsonb := private.trigger_data_of(run);
begin
  return (
    select jsonb_build_object(
      'run_id', run.id,
      'event_id', run.event_id,
      'trigger_type', case run.trigger_type when 'api' then automations.trigger_type else run.trigger_type end,
      'trigger_data', trigger_data,
      'refusal', run.refusal,
      'conditions', automations.conditions,
      'actions', (
        select coalesce(jsonb_agg(
          jsonb_build_object(
            'id', action.id,
            'action_type', action.action_type,
            'sequence', action.sequence,
            'config', action.config,
            'refusal', private.refusal_of(automations, action)
          )
          order by action.sequence, action.created_at, action.id
        ), '[]')
        from public.automation_actions as action
        where action.automation_id = automations.id and action.company_id = automations.company_id
          and action.id <> all (private.skipped_by(run.event_id))
      ),
      'action_results', private.action_results_of(run.id),
      'context', private.run_context(run.company_id, trigger_data)
    )
    from public.automations
    where automations.id = run.automation_id
  );
end
$$;
grant execute on function private.run_job(public.automation_runs) to service_role;

create function public.run_job(run_id uuid) returns jsonb
language sql stable set search_path = ''
as $$ select private.run_job(automation_runs) from public.automation_runs where id = run_job.run_id $$;
grant execute on function public.run_job(uuid) to service_role;

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
    select
      count(*) filter (where result ->> 'status' = 'completed') as completed,
      count(*) filter (where result ->> 'status' = 'failed') as failed
    from private.action_results
    where action_results.run_id = finish_run.run_id
  ) as results
  where run.id = finish_run.run_id and run.status = 'running'
$$;
grant execute on function private.finish_run(uuid, text, integer, text) to service_role;

create function public.finish_run(run_id uuid, status text, actions_total integer, error text default null) returns void
language sql set search_path = ''
as $$ select private.finish_run(run_id, status, actions_total, error) $$;
grant execute on function public.finish_run(uuid, text, integer, text) to service_role;
