-- What a workspace wants done when something happens: when, under which conditions, before which others.

-- Whether this is `{"path": {"operator": value}}` with the operators that there are (docs/guide.md, "Automations").
create function private.are_conditions(conditions jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case when jsonb_typeof(conditions) = 'object' then not exists (
    select from jsonb_each(conditions) as condition
    where case when jsonb_typeof(condition.value) = 'object'
      then condition.value = '{}' or exists (
        select from jsonb_object_keys(condition.value) as operator
        where operator not in (
          'eq', 'neq', 'exists', 'not_exists', 'gt', 'gte', 'lt', 'lte', 'contains', 'not_contains',
          'contains_any', 'contains_text', 'in'
        )
      )
      else true end
  ) else false end
$$;
grant execute on function private.are_conditions(jsonb) to api_key;

create table public.automations (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  description text check (char_length(description) <= 2000),
  trigger_type text not null check (trigger_type in ('stage_changed', 'referral_attributed')),
  stage_id uuid,
  conditions jsonb not null default '{}' check (private.are_conditions(conditions)),
  enabled boolean not null default false,
  -- since when: what happened before does not start it
  enabled_at timestamptz(3) not null default now(),
  -- of the automations that one event starts, the higher priority runs first
  priority integer not null default 0 check (priority between -1000 and 1000),
  -- the key that made it, or last said what it does: see the page makers
  created_by uuid default private.calling_key(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id),
  check ((trigger_type = 'stage_changed') = (stage_id is not null)),
  constraint automations_stage_fkey foreign key (stage_id, company_id)
    references public.crm_pipeline_stages (id, company_id) on delete cascade
);

create index automations_created_at on public.automations (company_id, created_at desc, id desc);
create index automations_updated_at on public.automations (company_id, updated_at desc, id desc);
create index automations_stage on public.automations (stage_id, company_id);

create trigger automations_touch before update on public.automations
  for each row execute function private.touch_updated_at();

alter table public.automations enable row level security;
grant all on public.automations to service_role;
grant select, delete on public.automations to api_key;
grant insert (name, description, trigger_type, stage_id, conditions, enabled, priority),
  update (name, description, trigger_type, stage_id, conditions, enabled, priority) on public.automations to api_key;

create policy "keys with automations:read see automations" on public.automations
  for select to api_key
  using (company_id = (select private.company_for('automations:read')));

create policy "keys with automations:write add automations" on public.automations
  for insert to api_key
  with check (company_id = (select private.company_for('automations:write')));

create policy "keys with automations:write change automations" on public.automations
  for update to api_key
  using (company_id = (select private.company_for('automations:write')))
  with check (company_id = (select private.company_for('automations:write')));

create policy "keys with automations:write remove automations" on public.automations
  for delete to api_key
  using (company_id = (select private.company_for('automations:write')));

-- When a list of them was read: see the page updated_at.
create function public.listed_at(public.automations) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;
grant execute on function public.listed_at(public.automations) to api_key;

create function private.note_enabling()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.enabled_at := now();
  return new;
end
$$;

create trigger automations_note_enabling before update on public.automations
  for each row when (new.enabled and not old.enabled)
  execute function private.note_enabling();

-- The table's check says it too; a change reaches every caller as a 400.
create function private.refuse_stage_mismatch()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.refuse(
    400,
    'VALIDATION_ERROR',
    case when new.stage_id is null
      then 'stage_id is required for stage_changed.'
      else 'stage_id goes with stage_changed only: send null beside the other trigger.' end,
    details => 'stage_id'
  );
  return new;
end
$$;

create trigger automations_refuse_stage_mismatch before update on public.automations
  for each row when ((new.trigger_type = 'stage_changed') <> (new.stage_id is not null))
  execute function private.refuse_stage_mismatch();
