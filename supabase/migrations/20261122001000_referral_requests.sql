-- A contact is asked for a referral by a mail with a link (contract 3). Only the SHA-256 of the link's token is stored.

create table public.referral_requests (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references public.companies on delete cascade,
  contact_id uuid not null,
  deal_id uuid,
  recipient_email text not null check (char_length(recipient_email) <= 320),
  recipient_name text not null check (char_length(recipient_name) <= 401),
  subject_override text check (char_length(subject_override) <= 200),
  intro_html text check (char_length(intro_html) <= 20000),
  how_it_works_html text check (char_length(how_it_works_html) <= 20000),
  expires_in_days integer not null default 30 check (expires_in_days between 1 and 365),
  sent_at timestamptz(3) not null default now(),
  viewed_at timestamptz(3),
  submitted_at timestamptz(3),
  withdrawn_at timestamptz(3),
  expires_at timestamptz(3) not null,
  referral_id uuid,
  emailed_at timestamptz(3),
  email_id text,
  email_error text,
  created_by uuid,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id),
  constraint referral_requests_contact_fkey foreign key (contact_id, company_id)
    references public.crm_contacts (id, company_id) on delete cascade,
  constraint referral_requests_deal_fkey foreign key (deal_id, company_id)
    references public.crm_deals (id, company_id) on delete set null (deal_id),
  constraint referral_requests_referral_fkey foreign key (referral_id, company_id)
    references public.referrals (id, company_id) on delete set null (referral_id),
  constraint referral_requests_created_by_fkey foreign key (created_by, company_id)
    references public.api_keys (id, company_id) on delete set null (created_by)
);

create index referral_requests_created_at on public.referral_requests (company_id, created_at desc, id desc);
create index referral_requests_updated_at on public.referral_requests (company_id, updated_at desc, id desc);
create index referral_requests_contact on public.referral_requests (contact_id, company_id, created_at desc, id desc);
create index referral_requests_deal on public.referral_requests (deal_id, company_id);
create index referral_requests_referral on public.referral_requests (referral_id, company_id);
create index referral_requests_created_by on public.referral_requests (created_by, company_id);

create trigger referral_requests_touch before update on public.referral_requests
  for each row execute function private.touch_updated_at();

alter table public.referral_requests enable row level security;
revoke all on public.referral_requests from anon, authenticated;
grant select on public.referral_requests to api_key;

create policy "keys with referrals:read see their workspace's requests" on public.referral_requests
  for select to api_key
  using (company_id = (select private.company_for('referrals:read')));

-- The link of a request, and how often its form was tried in the hour since `tries_since`.
create table private.request_links (
  request_id uuid primary key references public.referral_requests on delete cascade,
  token_hash bytea not null unique check (octet_length(token_hash) = 32),
  tries integer not null default 0,
  tries_since timestamptz(3) not null default now()
);

create function private.token_hash(token text)
returns bytea
language sql
immutable
set search_path = ''
as $$
  select sha256(convert_to(token, 'UTF8'))
$$;

-- `sent -> viewed -> submitted`; `expired` by the clock, or by withdrawal, which brings `expires_at` forward (contract 3).
create function public.status(request public.referral_requests)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when (request).submitted_at is not null then 'submitted'
    when (request).expires_at <= now() then 'expired'
    when (request).viewed_at is not null then 'viewed'
    else 'sent'
  end
$$;

create function public.listed_at(public.referral_requests) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;

-- What a workspace's mails and pages show of it.
create function private.brand(company public.companies)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'name', company.name,
    'logo_url', company.logo_url,
    'primary_color', company.primary_color,
    'contact_email', company.contact_email
  )
$$;

revoke execute on function private.token_hash(text), private.brand(public.companies) from public;
revoke execute on function public.status(public.referral_requests), public.listed_at(public.referral_requests)
  from public, anon, authenticated, service_role;
grant execute on function public.status(public.referral_requests), public.listed_at(public.referral_requests) to api_key;
