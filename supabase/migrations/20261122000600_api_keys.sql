-- An API key's row is the truth about it; the token only points here and is never stored.

create table public.api_keys (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references public.companies on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  scopes text[] not null check (
    cardinality(scopes) > 0
    and scopes <@ array[
      'referrals:read', 'referrals:write', 'referrals:delete',
      'contacts:read', 'contacts:write', 'contacts:delete',
      'opportunities:read', 'opportunities:write', 'opportunities:delete',
      'pipelines:read', 'pipelines:write',
      'company:read', 'company:write',
      'automations:read', 'automations:write', 'automations:trigger',
      'webhooks:read', 'webhooks:write',
      'admin'
    ]
  ),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  last_used_at timestamptz(3),
  unique (id, company_id)
);
create index api_keys_company_id on public.api_keys (company_id);

alter table public.api_keys enable row level security;
grant all on public.api_keys to service_role;

-- Stamps `last_used_at` of the calling key, at most once a minute, by the database's clock. Of the workspace that the token
-- names, so that no token leaves a trace in another's.
create function private.note_key_use()
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
grant execute on function private.note_key_use() to api_key;

create function public.note_key_use()
returns void
language sql
set search_path = ''
as $$
  select private.note_key_use()
$$;
grant execute on function public.note_key_use() to api_key;
