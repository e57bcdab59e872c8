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
      'audit:read',
      'admin'
    ]
  ),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  -- since when what it made does nothing: see the page makers
  disabled_at timestamptz(3),
  last_used_at timestamptz(3),
  -- what its holder may ask of the API: see the pages request_budgets and key_credits
  requests_per_minute integer not null default 600 check (requests_per_minute between 1 and 1000000),
  requests_per_day integer not null default 100000 check (requests_per_day between 1 and 100000000),
  -- null: not metered
  credits_per_month integer check (credits_per_month between 1 and 1000000000),
  unique (id, company_id)
);
create index api_keys_company_id on public.api_keys (company_id);

alter table public.api_keys enable row level security;
grant all on public.api_keys to service_role;
