-- The actions of an automation, in their sequence.

-- The id that a text holds, null when it holds none.
create function private.as_id(text_of_id text)
returns uuid
language sql
immutable
set search_path = ''
as $$
  select case when text_of_id ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then text_of_id::uuid end
$$;
grant execute on function private.as_id(text) to service_role;

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
    when action_type = 'call_webhook' then config - array['url', 'method'] = '{}'
      and private.is_webhook_url(config ->> 'url') and coalesce(config ->> 'method', 'POST') = 'POST'
    else false
  end
$$;
grant execute on function private.is_action_config(text, jsonb) to api_key;

create table public.automation_actions (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  automation_id uuid not null,
  action_type text not null check (action_type in ('attribute_referral', 'send_email', 'call_webhook')),
  sequence integer not null check (sequence between 0 and 1000),
  config jsonb not null default '{}' check (private.is_action_config(action_type, config)),
  -- the key that made it, or last said what it does: see the page makers
  created_by uuid default private.calling_key(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id),
  constraint automation_actions_automation_fkey foreign key (automation_id, company_id)
    references public.automations (id, company_id) on delete cascade
);

create index automation_actions_automation
  on public.automation_actions (automation_id, company_id, sequence, created_at, id);
create index automation_actions_created_at on public.automation_actions (company_id, created_at desc, id desc);

create trigger automation_actions_touch before update on public.automation_actions
  for each row execute function private.touch_updated_at();

alter table public.automation_actions enable row level security;
grant all on public.automation_actions to service_role;
grant select, delete on public.automation_actions to api_key;
grant insert (automation_id, action_type, sequence, config),
  update (action_type, sequence, config) on public.automation_actions to api_key;

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

-- When a list of them was read: see the page updated_at.
create function public.listed_at(public.automation_actions) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;
grant execute on function public.listed_at(public.automation_actions) to api_key;

-- An action without a sequence comes last; a referrer given by id is a contact of the workspace. A definer, because who writes
-- automations need not be allowed to read contacts; a key without automations:write is left to its policy, unanswered.
create function private.prepare_action()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  last integer;
begin
  if private.claims() ->> 'role' = 'api_key' and private.company_for('automations:write') is distinct from new.company_id then
    return new;
  end if;
  if tg_op = 'INSERT' then
    perform from public.automations where id = new.automation_id and company_id = new.company_id for no key update;
    select max(sequence) into last
    from public.automation_actions
    where automation_id = new.automation_id and company_id = new.company_id;
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

-- The scopes of what an action does, where runs start by events of that type: what it writes, and what it tells to whom it
-- leads. Tokens without a dot are the event's own words.
create function private.scopes_of_action(action_type text, config jsonb, trigger_type text)
returns text[]
language sql
immutable
set search_path = ''
as $$
  select case action_type
    when 'attribute_referral' then array['referrals:write']
    when 'call_webhook' then array['webhooks:write'] || private.scopes_to_hear(trigger_type)
    else array['contacts:read']
      || case when config::text ~ '\{\{[^{}.]*(deal|opportunity)[^{}.]*\.' then array['opportunities:read'] else '{}' end
      || case when config::text ~ '\{\{[^{}.]*\}\}' then private.scopes_to_hear(trigger_type) else '{}' end
  end
$$;

-- The scopes of who may see what an action of a run asked for and what came of it.
create function private.scopes_to_see(action_type text, config jsonb, trigger_type text)
returns text[]
language sql
immutable
set search_path = ''
as $$
  select case action_type
    when 'attribute_referral' then array['referrals:read']
    when 'call_webhook' then array['webhooks:write']
    else private.scopes_of_action(action_type, config, trigger_type)
  end
$$;

-- Who says what an action does may do that. A key without automations:write is left to its policy, unanswered.
create function private.answer_for_action()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.calling_key() is null or private.company_for('automations:write') is distinct from new.company_id then
    return new;
  end if;
  perform private.demand_scopes(private.scopes_of_action(new.action_type, new.config, automations.trigger_type))
  from public.automations
  where id = new.automation_id and company_id = new.company_id;
  new.created_by := private.calling_key();
  return new;
end
$$;

create trigger automation_actions_answer_for_insert before insert on public.automation_actions
  for each row execute function private.answer_for_action();

create trigger automation_actions_answer_for_update before update on public.automation_actions
  for each row when (new.action_type <> old.action_type or new.config <> old.config)
  execute function private.answer_for_action();

-- Who says when an automation acts may be told of what starts it, and may do what it does.
create function private.answer_for_automation()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.calling_key() is null or private.company_for('automations:write') is distinct from new.company_id then
    return new;
  end if;
  perform private.demand_scopes(private.scopes_to_hear(new.trigger_type));
  perform private.demand_scopes(private.scopes_of_action(action_type, config, new.trigger_type))
  from public.automation_actions
  where automation_id = new.id and company_id = new.company_id;
  new.created_by := private.calling_key();
  return new;
end
$$;

create trigger automations_answer_for_insert before insert on public.automations
  for each row execute function private.answer_for_automation();

create trigger automations_answer_for_update before update on public.automations
  for each row when (
    new.trigger_type <> old.trigger_type or new.stage_id is distinct from old.stage_id or new.conditions <> old.conditions
    or new.enabled and not old.enabled
  )
  execute function private.answer_for_automation();

-- The scope that an automation's or an action's maker lacks for what the action does, as who reads the run is told; null when it may act.
create function private.refusal_of(automation public.automations, action public.automation_actions)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select 'The key that made this automation or action was disabled, or lacks the scope ' || coalesce(
    private.scope_lacking(
      array[automation.created_by, action.created_by],
      private.scopes_of_action(action.action_type, action.config, automation.trigger_type)
    ),
    private.scope_lacking(array[automation.created_by], private.scopes_to_hear(automation.trigger_type))
  ) || '.'
$$;
grant execute on function private.refusal_of(public.automations, public.automation_actions) to service_role;
