-- What a hosted Supabase project has before the first migration: roles, schema `extensions`, default privileges.
-- For a superuser of a plain PostgreSQL 15 or later. It may run again, and never changes a role that exists.

do $$
begin
  if to_regrole('postgres') is null then
    create role postgres login createrole createdb bypassrls replication password 'postgres';
    alter role postgres set search_path = "$user", public, extensions;
    grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;
  end if;
  if to_regrole('anon') is null then
    create role anon nologin noinherit;
  end if;
  if to_regrole('authenticated') is null then
    create role authenticated nologin noinherit;
  end if;
  if to_regrole('service_role') is null then
    create role service_role nologin noinherit bypassrls;
  end if;
  if to_regrole('authenticator') is null then
    create role authenticator login noinherit password 'postgres';
  end if;
  -- The database's owner also owns schema `public`, through `pg_database_owner`.
  execute format('alter database %I owner to postgres', current_database());
end
$$;

grant anon, authenticated, service_role to authenticator, postgres;

-- A migration may set what PostgREST calls before each request, as supautils lets it.
do $$
begin
  if current_setting('server_version_num')::int >= 160000 then
    execute 'grant authenticator to postgres with admin true, inherit false, set false';
  end if;
end
$$;
grant set on parameter pgrst.db_pre_request to postgres;

create schema if not exists extensions authorization postgres;
-- In databases that an earlier version made it is public.
revoke usage on schema extensions from public;
grant usage on schema extensions to anon, authenticated, service_role;
grant usage on schema public to anon, authenticated, service_role;

-- Once: the migrations take them back.
do $$
begin
  if not exists (select from pg_default_acl where defaclrole = 'postgres'::regrole) then
    alter default privileges for role postgres in schema public
      grant all on tables to postgres, anon, authenticated, service_role;
    alter default privileges for role postgres in schema public
      grant all on functions to postgres, anon, authenticated, service_role;
    alter default privileges for role postgres in schema public
      grant all on sequences to postgres, anon, authenticated, service_role;
  end if;
end
$$;

do $$
begin
  if to_regrole('supabase_admin') is not null then
    alter default privileges for role supabase_admin in schema public
      grant all on tables to postgres, anon, authenticated, service_role;
    alter default privileges for role supabase_admin in schema public
      grant all on functions to postgres, anon, authenticated, service_role;
    alter default privileges for role supabase_admin in schema public
      grant all on sequences to postgres, anon, authenticated, service_role;
  end if;
end
$$;
