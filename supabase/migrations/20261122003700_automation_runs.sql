-- What an automation did about an event: once per event and automation.

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
create index automation_runs_status
  on public.automation_runs (automation_id, company_id, status, created_at desc, id desc);
create index automation_runs_due on public.automation_runs (due_at) where due_at is not null;
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
        where automation_id = automations.id
          and company_id = automations.company_id
          and id <> all (private.skipped_by(run.event_id))
      ),
      'action_results', run.action_results,
      'context', private.run_context(run.company_id, run.trigger_data)
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
grant execute on function private.finish_run(uuid, text, integer, text) to service_role;

create function public.finish_run(run_id uuid, status text, actions_total integer, error text default null) returns void
language sql set search_path = ''
as $$ select private.finish_run(run_id, status, actions_total, error) $$;
grant execute on function public.finish_run(uuid, text, integer, text) to service_role;
