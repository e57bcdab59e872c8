-- Where a workspace wants to be told of events, and what became of each delivery (contract 5).

create table public.webhook_subscriptions (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references public.companies on delete cascade,
  url text not null check (private.is_webhook_url(url)),
  -- none: only the `call_webhook` actions with this address use it
  events text[] not null default '{}' check (events <@ array['referral_attributed', 'stage_changed']),
  enabled boolean not null default true,
  disabled_at timestamptz(3),
  disabled_reason text,
  -- since when every delivery has failed, null when the last one went through
  failing_since timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id)
);

create index webhook_subscriptions_created_at on public.webhook_subscriptions (company_id, created_at desc, id desc);
create index webhook_subscriptions_updated_at on public.webhook_subscriptions (company_id, updated_at desc, id desc);

-- One delivery of an event to a subscription. `event_id` is the event's, without a reference: both go after 30 days.
create table public.webhook_deliveries (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null,
  subscription_id uuid not null,
  event_id uuid not null,
  event_type text not null,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  attempt_count integer not null default 0,
  -- when it may be tried (again); while one tries, until when it is left alone; null when it is done
  due_at timestamptz(3) default date_trunc('milliseconds', now()),
  next_attempt_at timestamptz(3) generated always as (due_at) stored,
  last_attempt_at timestamptz(3),
  delivered_at timestamptz(3),
  response_status integer,
  response_body text,
  error text,
  duration_ms integer,
  attempts jsonb not null default '[]',
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (subscription_id, event_id),
  check ((status = 'pending') = (due_at is not null)),
  constraint webhook_deliveries_subscription_fkey foreign key (subscription_id, company_id)
    references public.webhook_subscriptions (id, company_id) on delete cascade
);

create index webhook_deliveries_created_at
  on public.webhook_deliveries (subscription_id, company_id, created_at desc, id desc);
create index webhook_deliveries_due on public.webhook_deliveries (subscription_id, due_at) where due_at is not null;
create index webhook_deliveries_age on public.webhook_deliveries using brin (created_at);

-- The secrets that sign a subscription's deliveries, in Vault; an old one signs beside the new one until it expires.
create table private.webhook_secrets (
  vault_id uuid primary key,
  subscription_id uuid not null references public.webhook_subscriptions on delete cascade,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3)
);

create index webhook_secrets_subscription on private.webhook_secrets (subscription_id);

create function private.forget_webhook_secret()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from vault.secrets where id = old.vault_id;
  return null;
end
$$;

create trigger webhook_secrets_forget after delete on private.webhook_secrets
  for each row execute function private.forget_webhook_secret();

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

create trigger webhook_subscriptions_touch before update on public.webhook_subscriptions
  for each row execute function private.touch_updated_at();

create trigger webhook_subscriptions_switch before update on public.webhook_subscriptions
  for each row when (new.enabled <> old.enabled)
  execute function private.switch_webhook();

create trigger webhook_deliveries_touch before update on public.webhook_deliveries
  for each row execute function private.touch_updated_at();

-- Gives a subscription a new secret; those it has expire in 24 hours. Gives the secret: nobody can read it again.
create function private.issue_webhook_secret(subscription uuid)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  secret text := 'whsec_' || encode(extensions.gen_random_bytes(32), 'base64');
begin
  update private.webhook_secrets
  set expires_at = least(expires_at, now() + interval '24 hours')
  where subscription_id = subscription;
  insert into private.webhook_secrets (vault_id, subscription_id)
  values (vault.create_secret(secret, 'referrals_webhook_' || gen_random_uuid()), subscription);
  return secret;
end
$$;

-- Adds a subscription to the caller's workspace; gives its row with the secret.
create function private.create_webhook_subscription(url text, events text[], enabled boolean)
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
  return to_jsonb(subscription) || jsonb_build_object('secret', private.issue_webhook_secret(subscription.id));
end
$$;

-- Gives the caller's subscription with a new secret; for 24 hours both sign. Raises 404.
create function private.rotate_webhook_secret(subscription_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('webhooks:write');
  subscription public.webhook_subscriptions;
begin
  update public.webhook_subscriptions
  set updated_at = now()
  where id = rotate_webhook_secret.subscription_id and company_id = workspace
  returning * into subscription;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  return to_jsonb(subscription) || jsonb_build_object('secret', private.issue_webhook_secret(subscription.id));
end
$$;

-- The workspace's subscription with this address, made without events when there is none: a `call_webhook` action's
-- deliveries are signed, retried, logged and disabled like all others.
create function private.webhook_for(workspace uuid, address text)
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
    insert into public.webhook_subscriptions (company_id, url) values (workspace, address) returning * into subscription;
    perform private.issue_webhook_secret(subscription.id);
  end if;
  return subscription;
end
$$;

create function private.make_action_webhook()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.webhook_for(new.company_id, new.config ->> 'url');
  return null;
end
$$;

create trigger automation_actions_make_webhook after insert or update of action_type, config on public.automation_actions
  for each row when (new.action_type = 'call_webhook')
  execute function private.make_action_webhook();

create function public.create_webhook_subscription(url text, events text[], enabled boolean default true) returns jsonb
language sql set search_path = ''
as $$ select private.create_webhook_subscription(url, events, enabled) $$;

create function public.rotate_webhook_secret(subscription_id uuid) returns jsonb
language sql set search_path = ''
as $$ select private.rotate_webhook_secret(subscription_id) $$;

-- When a list was read, by the database's clock: a paging by `updated_at` leaves out what changed since it began.
create function public.listed_at(public.webhook_subscriptions) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;

create function public.listed_at(public.webhook_deliveries) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;

revoke execute on function private.forget_webhook_secret(), private.switch_webhook(), private.issue_webhook_secret(uuid),
  private.create_webhook_subscription(text, text[], boolean), private.rotate_webhook_secret(uuid),
  private.webhook_for(uuid, text), private.make_action_webhook() from public;
revoke execute on function public.create_webhook_subscription(text, text[], boolean), public.rotate_webhook_secret(uuid),
  public.listed_at(public.webhook_subscriptions), public.listed_at(public.webhook_deliveries)
  from public, anon, authenticated, service_role;
grant execute on function private.create_webhook_subscription(text, text[], boolean), private.rotate_webhook_secret(uuid),
  public.create_webhook_subscription(text, text[], boolean), public.rotate_webhook_secret(uuid),
  public.listed_at(public.webhook_subscriptions), public.listed_at(public.webhook_deliveries) to api_key;

alter table public.webhook_subscriptions enable row level security;
alter table public.webhook_deliveries enable row level security;
revoke all on public.webhook_subscriptions, public.webhook_deliveries from anon, authenticated;
grant select, delete on public.webhook_subscriptions to api_key;
grant update (url, events, enabled) on public.webhook_subscriptions to api_key;
grant select on public.webhook_deliveries to api_key;

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

create policy "keys with webhooks:read see deliveries" on public.webhook_deliveries
  for select to api_key
  using (company_id = (select private.company_for('webhooks:read')));
