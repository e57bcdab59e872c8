-- Who may come in: what nobody gets by itself, the role of every API key, and the one question that every policy asks.

-- The platform grants new tables and functions of `public` to its own roles, and PostgreSQL new functions to everybody. Here
-- nobody gets what no page grants. (The last names no
-- schema: what PostgreSQL grants by itself can be taken back for all schemas only.)
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges revoke execute on functions from public;

create role api_key nologin noinherit;
grant api_key to authenticator;
grant usage on schema public to api_key;

-- Definer functions, counters and the outbox live here; the schema is never exposed by the data API.
create schema private;
grant usage on schema private to api_key, anon, service_role;

alter role api_key set statement_timeout = '2s';

-- The planner takes every workspace for an average one, a referrer for one of any workspace, and may read, join and sort all
-- rows of a large one where an index has them in order. Keys read by indexes, row by row, and keep a page's plan: planning it
-- anew takes longer than reading it.
alter role api_key set enable_seqscan = off;
alter role api_key set enable_bitmapscan = off;
alter role api_key set enable_hashjoin = off;
alter role api_key set enable_mergejoin = off;
alter role api_key set enable_material = off;
alter role api_key set jit = off;
alter role api_key set plan_cache_mode = force_generic_plan;
notify pgrst, 'reload config';

-- What runs for every statement is in plpgsql: unlike a function in SQL it keeps its plans between statements.

-- The claims of the verified token behind this statement; null outside of the data API.
create function private.claims()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
end
$$;
grant execute on function private.claims() to api_key;

-- The id of the calling API key, null for everyone else: what a row's `created_by` says.
create function private.calling_key()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  token jsonb := private.claims();
begin
  return case when token ->> 'role' = 'api_key' then (token ->> 'sub')::uuid end;
end
$$;
grant execute on function private.calling_key() to api_key;

-- The workspace that the caller's token names: a column default only, never a permission.
create function private.claimed_company()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  token jsonb := private.claims();
begin
  return case when token ->> 'role' = 'api_key' then (token ->> 'company_id')::uuid end;
end
$$;
grant execute on function private.claimed_company() to api_key;

-- Every scope that satisfies `wanted`: itself, `admin`, and for `X:read` also `X:write` and `X:delete`.
create function private.scopes_that_allow(wanted text)
returns text[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case when wanted like '%:read'
    then array[wanted, 'admin', replace(wanted, ':read', ':write'), replace(wanted, ':read', ':delete')]
    else array[wanted, 'admin'] end;
end
$$;

-- The workspace of the calling API key when both its row and its token hold one of `scopes`, null when they don't.
-- Raises 401 when the key is dead: unknown, revoked, expired, or of another workspace than its token says.
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
  wanted text;
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
    perform private.refuse(
      401,
      'UNAUTHORIZED',
      'This API key is revoked, expired or unknown.',
      hint => 'Ask whoever runs this API for a new key.'
    );
  end if;

  foreach wanted in array company_for.scopes loop
    if key.scopes && private.scopes_that_allow(wanted) and token -> 'scopes' ?| private.scopes_that_allow(wanted) then
      return key.company_id;
    end if;
  end loop;
  return null;
end
$$;
grant execute on function private.company_for(text[]) to api_key;

-- The calling key's workspace, for a function that writes on its behalf. Raises 401 for a dead key, 403 without `scope`.
create function private.require_company(scope text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  workspace uuid := private.company_for(scope);
begin
  if workspace is null then
    perform private.refuse(403, 'INSUFFICIENT_SCOPE', 'This API key lacks the scope ' || scope || '.', details => scope);
  end if;
  return workspace;
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
    perform private.refuse(403, 'INSUFFICIENT_SCOPE', 'This API key lacks the scope ' || scope || '.', details => scope);
  end if;
end
$$;
grant execute on function public.require_scope(text) to api_key;
