-- What runs for every statement, in plpgsql: unlike a function in SQL it keeps its plans between statements. And counters
-- changed one by one through their index, where a statement over an array is planned for a whole table.

create or replace function private.claims()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
end
$$;

create or replace function private.calling_key()
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

create or replace function private.claimed_company()
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

-- Every scope that satisfies `wanted` (contract 1): itself, `admin`, and for `X:read` also `X:write` and `X:delete`.
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

create or replace function private.company_for(variadic scopes text[])
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
    perform private.refuse(401, 'UNAUTHORIZED', 'This API key is revoked, expired or unknown.');
  end if;

  foreach wanted in array company_for.scopes loop
    if key.scopes && private.scopes_that_allow(wanted) and token -> 'scopes' ?| private.scopes_that_allow(wanted) then
      return key.company_id;
    end if;
  end loop;
  return null;
end
$$;

drop function private.scopes_allow(text[], text);

-- Of the workspace that the token names, so that no token leaves a trace in another's.
create or replace function private.note_key_use()
returns void
language sql
security definer
set search_path = ''
as $$
  update public.api_keys
  set last_used_at = now()
  where id = private.calling_key()
    and company_id = private.claimed_company()
    and (last_used_at is null or last_used_at < now() - interval '1 minute')
$$;

create or replace function private.may_write_referrals()
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return private.claims() ->> 'role' is distinct from 'api_key'
    or private.company_for('referrals:write') is not null;
end
$$;

-- A referral's workspace is its referrer's: a reference of its own would lock the workspace's row with every insert, and all
-- writers of a workspace would meet there.
alter table public.referrals drop constraint referrals_company_id_fkey;

revoke execute on function private.scopes_that_allow(text) from public;
