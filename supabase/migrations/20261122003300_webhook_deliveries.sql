-- One delivery of an event to a subscription, and what became of it. `event_id` is the event's, without a reference: both go
-- when they have been kept long enough.

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
  -- whether somebody tries, if `due_at` has not passed
  under_way boolean not null default false,
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
create index webhook_deliveries_status
  on public.webhook_deliveries (subscription_id, company_id, status, created_at desc, id desc);
create index webhook_deliveries_event_type
  on public.webhook_deliveries (subscription_id, company_id, event_type, created_at desc, id desc);
create index webhook_deliveries_due on public.webhook_deliveries (subscription_id, due_at) where due_at is not null;
create index webhook_deliveries_age on public.webhook_deliveries using brin (created_at);

-- A row's workspace follows from what the row belongs to: see the page opportunities.
create statistics public.webhook_deliveries_owner (dependencies) on subscription_id, company_id from public.webhook_deliveries;

create trigger webhook_deliveries_touch before update on public.webhook_deliveries
  for each row execute function private.touch_updated_at();

alter table public.webhook_deliveries enable row level security;
grant all on public.webhook_deliveries to service_role;
grant select on public.webhook_deliveries to api_key;

create policy "keys with webhooks:read see deliveries" on public.webhook_deliveries
  for select to api_key
  using (company_id = (select private.company_for('webhooks:read')));

-- When a list of them was read: see the page updated_at.
create function public.listed_at(public.webhook_deliveries) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;
grant execute on function public.listed_at(public.webhook_deliveries) to api_key;
