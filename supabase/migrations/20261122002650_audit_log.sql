-- Who changed what, when, and by which way. Triggers write it in the writer's own transaction (page audited, and those of
-- referrals), keys see it, and nobody changes it.

-- What its words may be, the triggers say that alone write it: checks would make an insert into it three times as dear, and
-- every write to the workspace's rows with it.
create table public.audit_log (
  id uuid not null default gen_random_uuid(),
  -- no reference: each entry would lock the workspace's row, and all writers would meet there
  company_id uuid not null,
  entity_type text not null,
  entity_id uuid not null,
  -- insert, update, delete
  action text not null,
  -- {field: [old, new]} of what changed
  changes jsonb not null,
  -- api_key, form, automation, import, operator
  actor_type text not null,
  actor_id uuid,
  request_id text,
  -- api, mcp, data_api, form, automation, operator
  via text not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  -- in the list's order, read backwards
  primary key (company_id, created_at, id)
);

create index audit_log_entity on public.audit_log (entity_id, company_id, created_at desc, id desc);
create index audit_log_entity_type on public.audit_log (company_id, entity_type, created_at desc, id desc);
create index audit_log_actor on public.audit_log (actor_id, company_id, created_at desc, id desc);
create index audit_log_age on public.audit_log using brin (created_at);

alter table public.audit_log enable row level security;
grant select on public.audit_log to service_role, api_key;

create policy "keys with audit:read see their workspace's audit log" on public.audit_log
  for select to api_key
  using (company_id = (select private.company_for('audit:read')));

-- Who acts in this transaction, by which way, and the id of the request that made them. The function says its requests' id, and
-- that it is the way; what says neither came to the data API by itself. Whoever writes SQL is the operator.
create function private.acting(out actor_type text, out actor_id uuid, out request_id text, out via text)
language plpgsql
stable
set search_path = ''
as $$
declare
  -- as json: all but one or two of their fields are skipped
  token json := nullif(current_setting('request.jwt.claims', true), '')::json;
  headers json := nullif(current_setting('request.headers', true), '')::json;
  role text := coalesce(token ->> 'role', current_setting('role'));
begin
  request_id := headers ->> 'x-request-id';
  if length(request_id) > 255 or request_id !~ '^[[:alnum:]_=-]+$' then
    request_id := null;
  end if;
  actor_type := 'operator';
  via := 'data_api';
  if role = 'api_key' then
    actor_type := 'api_key';
    actor_id := (token ->> 'sub')::uuid;
    if headers ->> 'x-referrals-via' in ('api', 'mcp') then
      via := headers ->> 'x-referrals-via';
    end if;
  elsif role = 'anon' then
    actor_type := 'form';
    via := 'form';
  elsif role = 'service_role' then
    actor_id := nullif(current_setting('referrals.chain_automation', true), '')::uuid;
    -- What the dispatcher does for no automation, such as giving up a subscription, happens by itself.
    if actor_id is not null or headers ->> 'x-referrals-via' = 'api' then
      actor_type := 'automation';
      via := 'automation';
    end if;
  elsif token is null then
    via := 'operator';
  end if;
end
$$;

-- What an entry says of every row anyway, or nothing at all.
create function private.never_audited()
returns text[]
language sql
immutable
set search_path = ''
as $$
  select array['id', 'company_id', 'created_by', 'created_at', 'updated_at']
$$;

-- What differs between two states of a row, `{field: [old, new]}`.
create function private.changes(before jsonb, after jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_object_agg(key, jsonb_build_array(before -> key, value)), '{}')
    from jsonb_each(after)
    where value <> before -> key
  );
end
$$;

-- The same of a row that comes, or goes: all that is not null.
create function private.changes_of(added jsonb, removed jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select coalesce(
      jsonb_object_agg(key, case when removed is null then jsonb_build_array(null, value) else jsonb_build_array(value, null) end),
      '{}'
    )
    from jsonb_each(coalesce(added, removed))
    where value <> 'null'
  );
end
$$;

-- Lets nobody change what is written, whoever owns it; but for what is old, and for workspaces that are gone.
create function private.keep_audit_log()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op <> 'DELETE' or current_setting('referrals.audit_log_is_cleaned', true) is distinct from 'on' then
    raise insufficient_privilege using message = 'Nobody changes what the audit log says.';
  end if;
  return null;
end
$$;

create trigger audit_log_keep before update or delete or truncate on public.audit_log
  for each statement execute function private.keep_audit_log();

-- Removes what has been kept for 400 days, a part at a time: `most` entries at once. Gives how many.
create function private.clean_up_audit_log(most integer default 10000)
returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
  removed bigint := 0;
  part bigint;
begin
  perform set_config('referrals.audit_log_is_cleaned', 'on', true);
  loop
    delete from public.audit_log
    where ctid = any (array(
      select ctid from public.audit_log where created_at < now() - interval '400 days' limit most
    ));
    get diagnostics part = row_count;
    removed := removed + part;
    exit when part < most;
  end loop;
  perform set_config('referrals.audit_log_is_cleaned', '', true);
  return removed;
end
$$;

-- The log of a workspace goes with it.
create function private.forget_audit_log()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform set_config('referrals.audit_log_is_cleaned', 'on', true);
  delete from public.audit_log where company_id = old.id;
  perform set_config('referrals.audit_log_is_cleaned', '', true);
  return null;
end
$$;

-- At the end, when all that goes with the workspace has been written down.
create constraint trigger companies_forget_audit_log after delete on public.companies
  deferrable initially deferred
  for each row execute function private.forget_audit_log();

-- What happened to a referral of the caller's workspace, for who reads referrals. Raises 401 for a dead key.
create function private.referral_history(referral_id uuid)
returns setof public.audit_log
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return query
    select entry.*
    from public.audit_log as entry
    where entry.entity_id = referral_history.referral_id
      and entry.company_id = private.company_for('referrals:read')
      and entry.entity_type = 'referral';
end
$$;
grant execute on function private.referral_history(uuid) to api_key;

create function public.referral_history(referral_id uuid) returns setof public.audit_log
language sql stable set search_path = ''
as $$ select * from private.referral_history(referral_id) $$;
grant execute on function public.referral_history(uuid) to api_key;
