-- Where a workspace wants to be told of events.

-- An absolute http or https URL without credentials; where it may lead is decided at each sending.
create function private.is_webhook_url(url text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce(char_length(url) <= 2048 and url ~ '^https?://[^\s/?#@]+([/?#]\S*)?$', false)
$$;
grant execute on function private.is_webhook_url(text) to api_key;

create table public.webhook_subscriptions (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references public.companies on delete cascade,
  url text not null check (private.is_webhook_url(url)),
  host text generated always as (lower(substring(url from '^https?://([^/?#]{1,255})'))) stored,
  -- none: only the `call_webhook` actions with this address use it
  events text[] not null default '{}' check (events <@ array['referral_attributed', 'stage_changed']),
  enabled boolean not null default true,
  disabled_at timestamptz(3),
  disabled_reason text,
  -- since when every delivery has failed, null when the last one went through
  failing_since timestamptz(3),
  -- the key that made it, or last said what it does: see the page makers
  created_by uuid default private.calling_key(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id)
);

-- By its hash, since an address may be longer than an index takes.
create unique index webhook_subscriptions_once on public.webhook_subscriptions (company_id, md5(url));
create index webhook_subscriptions_created_at on public.webhook_subscriptions (company_id, created_at desc, id desc);
create index webhook_subscriptions_updated_at on public.webhook_subscriptions (company_id, updated_at desc, id desc);

create trigger webhook_subscriptions_touch before update on public.webhook_subscriptions
  for each row execute function private.touch_updated_at();

alter table public.webhook_subscriptions enable row level security;
grant all on public.webhook_subscriptions to service_role;
grant select, delete on public.webhook_subscriptions to api_key;
grant update (url, events, enabled) on public.webhook_subscriptions to api_key;

create policy "keys with webhooks:read see subscriptions" on public.webhook_subscriptions
  for select to api_key
  using (company_id = (select private.company_for('webhooks:read')));

create policy "keys with webhooks:write change subscriptions" on public.webhook_subscriptions
  for update to api_key
  using (company_id = (select private.company_for('webhooks:write')))
  with check (company_id = (select private.company_for('webhooks:write')));

create policy "keys with webhooks:write remove subscriptions" on public.webhook_subscriptions
  for delete to api_key
  using (company_id = (select private.company_for('webhooks:write')));

-- When a list of them was read: see the page updated_at.
create function public.listed_at(public.webhook_subscriptions) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;
grant execute on function public.listed_at(public.webhook_subscriptions) to api_key;

-- Switching a subscription on forgets its failures; switching it off says since when.
create function private.switch_webhook()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if new.enabled then
    new.disabled_at := null;
    new.disabled_reason := null;
    new.failing_since := null;
  else
    new.disabled_at := now();
  end if;
  return new;
end
$$;

create trigger webhook_subscriptions_switch before update on public.webhook_subscriptions
  for each row when (new.enabled <> old.enabled)
  execute function private.switch_webhook();

-- Who says where a subscription leads, what it is told, or that it is enabled, may be told that; of another address, also
-- what it has been told so far: all of that may be sent again.
create function private.answer_for_webhook()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  told text;
begin
  if private.calling_key() is null or private.company_for('webhooks:write') is distinct from new.company_id then
    return new;
  end if;
  foreach told in array array['referral_attributed', 'stage_changed', 'automation_triggered'] loop
    if told = any (new.events) or tg_op = 'UPDATE' and new.url <> old.url and exists (
      select from public.webhook_deliveries
      where subscription_id = new.id and company_id = new.company_id and event_type = told
    ) then
      perform private.demand_scopes(private.scopes_to_hear(told));
    end if;
  end loop;
  new.created_by := private.calling_key();
  return new;
end
$$;

create trigger webhook_subscriptions_answer_for_insert before insert on public.webhook_subscriptions
  for each row execute function private.answer_for_webhook();

create trigger webhook_subscriptions_answer_for_update before update on public.webhook_subscriptions
  for each row when (
    new.url <> old.url or new.events <> old.events or new.enabled and not old.enabled
  )
  execute function private.answer_for_webhook();

-- The id of a workspace's subscription with this address.
create function private.webhook_at(workspace uuid, address text) returns uuid
language sql stable set search_path = ''
as $$
  select id from public.webhook_subscriptions where company_id = workspace and md5(url) = md5(address)
$$;

-- The caller's own subscription with this address, in whose way another one would be.
create function private.webhook_in_the_way(url text)
returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select private.webhook_at(private.company_for('webhooks:write'), url)
$$;
grant execute on function private.webhook_in_the_way(text) to api_key;

create function public.webhook_in_the_way(url text) returns uuid
language sql stable set search_path = ''
as $$ select private.webhook_in_the_way(url) $$;
grant execute on function public.webhook_in_the_way(text) to api_key;

-- Adds a subscription to the caller's workspace; gives its row with the secret, the caller's own or one that is made. Raises
-- 409 for one too many, 23505 for an address that has one.
create function private.create_webhook_subscription(url text, events text[], enabled boolean, secret text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('webhooks:write');
  subscription public.webhook_subscriptions;
begin
  insert into public.webhook_subscriptions (company_id, url, events, enabled, disabled_at)
  values (
    workspace, create_webhook_subscription.url, create_webhook_subscription.events, create_webhook_subscription.enabled,
    case when not create_webhook_subscription.enabled then now() end
  )
  returning * into subscription;
  return to_jsonb(subscription) || jsonb_build_object('secret', private.issue_webhook_secret(
    subscription.id, create_webhook_subscription.secret
  ));
end
$$;
grant execute on function private.create_webhook_subscription(text, text[], boolean, text) to api_key;

create function public.create_webhook_subscription(
  url text, events text[], enabled boolean default true, secret text default null
) returns jsonb
language sql set search_path = ''
as $$ select private.create_webhook_subscription(url, events, enabled, secret) $$;
grant execute on function public.create_webhook_subscription(text, text[], boolean, text) to api_key;
