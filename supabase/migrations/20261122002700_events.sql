-- The outbox: every write to referrals, and every entry of an opportunity into a stage, leaves an event in the writer's own
-- transaction. Nothing there can make a write fail, but what makes the event itself impossible.

-- What writes in a chain of automations says of itself: the event that the chain stems from, and the automation whose run
-- writes. Null for a caller's own write.
create function private.chain_root() returns uuid
language sql stable set search_path = ''
as $$ select nullif(current_setting('referrals.chain_root', true), '')::uuid $$;

create function private.chain_automation() returns uuid
language sql stable set search_path = ''
as $$ select nullif(current_setting('referrals.chain_automation', true), '')::uuid $$;

-- The actions that what the current transaction writes does not start: those of a move with `skip_action_ids`.
create function private.skipped_actions()
returns uuid[]
language sql
stable
set search_path = ''
as $$
  select coalesce(nullif(current_setting('referrals.skip_action_ids', true), ''), '{}')::uuid[]
$$;

create table private.events (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null,
  type text not null,
  -- what is told of it, without `event_id` and `occurred_at`, which are the row's own
  data jsonb not null,
  -- how many automations lie between a caller's write and this one
  depth smallint not null default 0,
  root_id uuid default private.chain_root(),
  caused_by uuid default private.chain_automation(),
  runs_automations boolean not null default true,
  -- actions that its runs leave out
  skip_action_ids uuid[] not null default private.skipped_actions(),
  occurred_at timestamptz(3) not null default now(),
  -- when its deliveries and runs were made
  fanned_out_at timestamptz(3)
);

create index events_waiting on private.events (company_id, occurred_at) where fanned_out_at is null;
create index events_age on private.events using brin (occurred_at);

-- What is told of an event: its data, its id, and when it happened.
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

-- How deep in a chain of automations the current transaction writes: what they write says so.
create function private.chain_depth()
returns smallint
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce(nullif(current_setting('referrals.chain_depth', true), ''), '0')::smallint;
end
$$;

-- Where a chain of automations ends.
create function private.max_chain_depth() returns smallint
language sql immutable set search_path = ''
as $$ select 5::smallint $$;

-- How many runs may stem from one write, whatever branches.
create function private.max_chain_runs() returns integer
language sql immutable set search_path = ''
as $$ select 100 $$;

-- How long events are kept, and the deliveries and runs that came of them.
create function private.retention() returns interval
language sql immutable set search_path = ''
as $$ select interval '30 days' $$;

-- The actions that the runs of an event leave out, for the dispatcher.
create function private.skipped_by(event_id uuid)
returns uuid[]
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce((select skip_action_ids from private.events where id = skipped_by.event_id), '{}')
$$;
grant execute on function private.skipped_by(uuid) to service_role;

-- Whether what the current transaction writes starts automations: not what was moved, added or changed with
-- `skip_automations`, which the API says in a header of its call of the data API.
create function private.starts_automations()
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(current_setting('referrals.skip_automations', true), '') <> 'on'
    and coalesce(nullif(current_setting('request.headers', true), '')::json ->> 'x-skip-automations', '') <> 'true'
$$;
