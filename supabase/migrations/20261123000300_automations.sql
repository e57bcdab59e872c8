-- What a workspace wants done when something happens (contract 5): an automation, its conditions and its actions.

-- Whether this is `{"path": {"operator": value}}` with the contract's operators.
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
          'eq', 'neq', 'exists', 'not_exists', 'gt', 'gte', 'lt', 'lte', 'contains', 'not_contains', 'in'
        )
      )
      else true end
  ) else false end
$$;

-- An absolute http or https URL without credentials; where it may lead is decided at each sending.
create function private.is_webhook_url(url text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce(char_length(url) <= 2048 and url ~ '^https?://[^\s/?#@]+([/?#]\S*)?$', false)
$$;

-- Whether an action of that type can run with this config; the API's schemas say it more finely.
create function private.is_action_config(action_type text, config jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case
    when jsonb_typeof(config) is distinct from 'object' then false
    when exists (select from jsonb_each(config) as field where jsonb_typeof(field.value) not in ('string', 'null')) then false
    when action_type = 'attribute_referral'
      then config - array['referrer_contact_id', 'category', 'status', 'notes'] = '{}'
    when action_type = 'send_email'
      then config - array['to', 'subject', 'body_html'] = '{}' and config ->> 'to' <> ''
        and config ->> 'subject' <> '' and config ->> 'body_html' <> ''
    when action_type = 'call_webhook' then config - 'url' = '{}' and private.is_webhook_url(config ->> 'url')
    else false
  end
$$;

create table public.automations (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  trigger_type text not null check (trigger_type in ('stage_changed', 'referral_attributed')),
  stage_id uuid,
  conditions jsonb not null default '{}' check (private.are_conditions(conditions)),
  enabled boolean not null default false,
  -- since when: what happened before does not start it
  enabled_at timestamptz(3) not null default now(),
  -- of the automations that one event starts, the higher priority runs first
  priority integer not null default 0 check (priority between -1000 and 1000),
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

create table public.automation_actions (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  automation_id uuid not null,
  action_type text not null check (action_type in ('attribute_referral', 'send_email', 'call_webhook')),
  sequence integer not null check (sequence between 0 and 1000),
  config jsonb not null default '{}' check (private.is_action_config(action_type, config)),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id),
  constraint automation_actions_automation_fkey foreign key (automation_id, company_id)
    references public.automations (id, company_id) on delete cascade
);

create index automation_actions_automation
  on public.automation_actions (automation_id, company_id, sequence, created_at, id);
create index automation_actions_created_at on public.automation_actions (company_id, created_at desc, id desc);

create trigger automations_touch before update on public.automations
  for each row execute function private.touch_updated_at();

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

create trigger automation_actions_touch before update on public.automation_actions
  for each row execute function private.touch_updated_at();

-- The check says it too; a change reaches every caller as the contract's 400.
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

-- The id that a text holds, null when it holds none.
create function private.as_id(text_of_id text)
returns uuid
language sql
immutable
set search_path = ''
as $$
  select case when text_of_id ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then text_of_id::uuid end
$$;

-- An automation has at most 20 actions; one without a sequence comes last; a referrer given by id is a contact of the
-- workspace. A definer, because who writes automations need not be allowed to read contacts; a key without automations:write
-- is left to its policy, unanswered.
create function private.prepare_action()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  actions integer;
  last integer;
begin
  if private.claims() ->> 'role' = 'api_key' and private.company_for('automations:write') is distinct from new.company_id then
    return new;
  end if;
  if tg_op = 'INSERT' then
    perform from public.automations where id = new.automation_id and company_id = new.company_id for no key update;
    select count(*), max(sequence) into actions, last
    from public.automation_actions
    where automation_id = new.automation_id and company_id = new.company_id;
    if actions >= 20 then
      perform private.refuse(409, 'CONFLICT', 'An automation has at most 20 actions.');
    end if;
    new.sequence := coalesce(new.sequence, least(coalesce(last + 1, 0), 1000));
  end if;
  if private.as_id(new.config ->> 'referrer_contact_id') is not null and not exists (
    select from public.crm_contacts
    where id = private.as_id(new.config ->> 'referrer_contact_id') and company_id = new.company_id
  ) then
    perform private.refuse(
      404,
      'NOT_FOUND',
      'config.referrer_contact_id names no row of your workspace.',
      details => 'config.referrer_contact_id'
    );
  end if;
  return new;
end
$$;

create trigger automation_actions_prepare before insert or update of config on public.automation_actions
  for each row execute function private.prepare_action();

revoke execute on function private.are_conditions(jsonb), private.is_action_config(text, jsonb),
  private.is_webhook_url(text), private.refuse_stage_mismatch(), private.note_enabling(), private.as_id(text),
  private.prepare_action() from public;
grant execute on function private.are_conditions(jsonb), private.is_action_config(text, jsonb),
  private.is_webhook_url(text) to api_key;

alter table public.automations enable row level security;
alter table public.automation_actions enable row level security;
revoke all on public.automations, public.automation_actions from anon, authenticated;
grant select, delete on public.automations, public.automation_actions to api_key;
grant insert (name, trigger_type, stage_id, conditions, enabled, priority),
  update (name, trigger_type, stage_id, conditions, enabled, priority) on public.automations to api_key;
grant insert (automation_id, action_type, sequence, config),
  update (action_type, sequence, config) on public.automation_actions to api_key;

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

create policy "keys with automations:read see actions" on public.automation_actions
  for select to api_key
  using (company_id = (select private.company_for('automations:read')));

create policy "keys with automations:write add actions" on public.automation_actions
  for insert to api_key
  with check (company_id = (select private.company_for('automations:write')));

create policy "keys with automations:write change actions" on public.automation_actions
  for update to api_key
  using (company_id = (select private.company_for('automations:write')))
  with check (company_id = (select private.company_for('automations:write')));

create policy "keys with automations:write remove actions" on public.automation_actions
  for delete to api_key
  using (company_id = (select private.company_for('automations:write')));

-- When a list was read, by the database's clock: a paging by `updated_at` leaves out what changed since it began.
create function public.listed_at(public.automations) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;

create function public.listed_at(public.automation_actions) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;

revoke execute on function public.listed_at(public.automations), public.listed_at(public.automation_actions)
  from public, anon, authenticated, service_role;
grant execute on function public.listed_at(public.automations), public.listed_at(public.automation_actions) to api_key;
