-- What sends, sweeps and keeps secrets: pg_net, pg_cron and Vault, where this server has them. Elsewhere something else
-- provides these schemas, and a migration must not get in its way.

create extension if not exists pgcrypto with schema extensions;

do $$
declare
  extension record;
begin
  for extension in
    select name, in_schema, its_own
    from (values ('pg_net', 'extensions', 'net'), ('pg_cron', 'pg_catalog', 'cron'), ('supabase_vault', 'vault', 'vault'))
      as wanted (name, in_schema, its_own)
    join pg_available_extensions using (name)
    where installed_version is null and to_regnamespace(its_own) is null
  loop
    execute format(
      'create extension if not exists %I %s',
      extension.name,
      case when extension.in_schema <> extension.its_own then format('with schema %I', extension.in_schema) else 'cascade' end
    );
  end loop;
end
$$;
