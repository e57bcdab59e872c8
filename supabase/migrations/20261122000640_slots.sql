-- How many statements of one key run at once: PostgREST calls a function before each request's own. It has a schema of its own,
-- which everybody may use: a role that cannot call it gets no answer at all, whatever it came for.

create schema data_api;
grant usage on schema data_api to public;

-- Takes one of the calling key's four slots until the transaction ends. Raises 429 when all are taken; other roles have no slots.
create function data_api.begin_request()
returns void
language plpgsql
set search_path = ''
as $$
declare
  holder text;
begin
  if current_user <> 'api_key' then
    return;
  end if;
  holder := coalesce(private.claims() ->> 'sub', '');
  for slot in 1..4 loop
    if pg_try_advisory_xact_lock(hashtextextended('slot ' || slot || ' of ' || holder, 0)) then
      return;
    end if;
  end loop;
  perform private.refuse(
    429,
    'RATE_LIMITED',
    'Four statements of this API key are under way already.',
    details => 'concurrent_statements',
    retry_after => 1
  );
end
$$;
grant execute on function data_api.begin_request() to public;

-- A project that has such a function already keeps it: docs/operations.md says how that one calls ours.
do $$
begin
  if not exists (
    select from pg_db_role_setting, unnest(setconfig) as setting
    where setrole = 'authenticator'::regrole and setting like 'pgrst.db\_pre\_request=%'
  ) then
    alter role authenticator set pgrst.db_pre_request = 'data_api.begin_request';
  end if;
exception when insufficient_privilege then
  raise warning 'pgrst.db_pre_request was not set: a key is not held to four statements at once.';
end
$$;
notify pgrst, 'reload config';
