-- Who may come in: the role of every API key, and the one question that every policy asks.

create role api_key nologin noinherit;
grant api_key to authenticator;
grant usage on schema public to api_key;
alter role api_key set statement_timeout = '8s';
notify pgrst, 'reload config';

-- Definer functions, counters and the outbox live here; the schema is never exposed by the data API.
create schema private;
grant usage on schema private to api_key;

-- Refuses the caller's statement with an HTTP status and one of the contract's error codes, as PostgREST's own
-- `raise sqlstate 'PGRST'` convention has it: the data API passes it on unchanged.
create function private.refuse(status integer, code text, message text, details text default null, hint text default null)
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise sqlstate 'PGRST' using
    message = json_build_object('code', code, 'message', message, 'details', details, 'hint', hint)::text,
    detail = json_build_object('status', status, 'headers', json_build_object())::text;
end
$$;

-- The claims of the verified token behind this statement; null outside of the data API.
create function private.claims()
returns jsonb
language sql
stable
set search_path = ''
as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;

-- The id of the calling API key, null for everyone else (contract 2, `created_by`).
create function private.calling_key()
returns uuid
language sql
stable
set search_path = ''
as $$
  select case when private.claims() ->> 'role' = 'api_key' then (private.claims() ->> 'sub')::uuid end
$$;

-- The workspace that the caller's token names: a column default only, never a permission.
create function private.claimed_company()
returns uuid
language sql
stable
set search_path = ''
as $$
  select case when private.claims() ->> 'role' = 'api_key' then (private.claims() ->> 'company_id')::uuid end
$$;

-- Whether `held` scopes satisfy `wanted` (contract 1): `admin` implies all, `X:write` and `X:delete` include `X:read`.
create function private.scopes_allow(held text[], wanted text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select wanted = any (held)
    or 'admin' = any (held)
    or (
      wanted like '%:read'
      and held && array[replace(wanted, ':read', ':write'), replace(wanted, ':read', ':delete')]
    )
$$;

-- The workspace of the calling API key when both its row and its token hold one of `scopes`, null when they don't.
-- Raises 401 when the key is dead: unknown, revoked, expired, or of another workspace than its token says.
-- plpgsql, so that it may stand before the table it reads (api_keys needs companies, companies needs this).
create function private.company_for(variadic scopes text[])
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  token jsonb := private.claims();
  key record;
  token_scopes text[];
begin
  if token ->> 'role' is distinct from 'api_key' then
    return null;
  end if;

  select api_keys.company_id, api_keys.scopes into key
  from public.api_keys
  where api_keys.id = (token ->> 'sub')::uuid
    and api_keys.company_id = (token ->> 'company_id')::uuid
    and api_keys.revoked_at is null
    and (api_keys.expires_at is null or api_keys.expires_at > statement_timestamp());
  if not found then
    perform private.refuse(401, 'UNAUTHORIZED', 'This API key is revoked, expired or unknown.');
  end if;

  token_scopes := array(select jsonb_array_elements_text(token -> 'scopes'));
  if exists (
    select from unnest(company_for.scopes) as wanted
    where private.scopes_allow(key.scopes, wanted) and private.scopes_allow(token_scopes, wanted)
  ) then
    return key.company_id;
  end if;
  return null;
end
$$;

-- Raises 401 when the calling key is dead, 403 when it holds `scope` no longer (null: any living key will do). The API
-- asks where an answer without rows proves neither.
create function public.require_scope(scope text default null)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if private.company_for(variadic array_remove(array[scope], null)) is null and scope is not null then
    perform private.refuse(403, 'INSUFFICIENT_SCOPE', 'This API key lacks the scope ' || scope || '.');
  end if;
end
$$;

-- Keeps `updated_at` true on every change, whoever makes it.
create function private.touch_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

revoke execute on all functions in schema private from public;
revoke execute on function public.require_scope(text) from public, anon, authenticated, service_role;
grant execute on function private.claims(), private.calling_key(), private.claimed_company(),
  private.company_for(text[]), private.refuse(integer, text, text, text, text), public.require_scope(text) to api_key;
