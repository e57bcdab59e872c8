-- How much a workspace may have and send. What the operator sets here (`deno task limits`) goes before the defaults.

-- What there is for whom no row says otherwise. Of actions: in one automation.
create function private.default_limit(name text)
returns integer
language sql
immutable
set search_path = ''
as $$
  select case name
    when 'mails_per_day' then 1000
    when 'contacts' then 1000000
    when 'automations' then 100
    when 'actions' then 20
    when 'subscriptions' then 20
    when 'open_requests' then 100000
  end
$$;

create table private.workspace_limits (
  company_id uuid not null references public.companies on delete cascade,
  name text not null check (
    name in ('mails_per_day', 'contacts', 'automations', 'actions', 'subscriptions', 'open_requests')
  ),
  value integer not null check (value > 0),
  primary key (company_id, name)
);

-- How many of these a workspace may have.
create function private.limit_of(workspace uuid, name text)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce(
    (
      select value from private.workspace_limits
      where workspace_limits.company_id = workspace and workspace_limits.name = limit_of.name
    ),
    private.default_limit(limit_of.name)
  );
end
$$;

-- Refuses the row that is one too many.
create function private.refuse_over_limit(name text, maximum integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.refuse(
    409,
    'CONFLICT',
    format('This would be over the limit of your workspace: %s, at most %s.', replace(name, '_', ' '), maximum),
    hint => 'Delete what is no longer needed, or ask whoever runs this API for a higher limit.'
  );
end
$$;
