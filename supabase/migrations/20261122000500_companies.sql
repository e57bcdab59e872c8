-- A workspace: its name, its looks, where it is.

create table public.companies (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 200),
  logo_url text check (char_length(logo_url) <= 2048 and logo_url like 'https://%'),
  primary_color text check (primary_color ~ '^#[0-9a-f]{6}$'),
  contact_email text check (char_length(contact_email) <= 320),
  country text check (country ~ '^[A-Z]{2}$'),
  timezone text not null default 'UTC' check ((timestamptz '2000-01-01 00:00Z' at time zone timezone) is not null),
  -- what it says of itself; nothing here acts by it
  slug text check (char_length(slug) between 1 and 200),
  description text check (char_length(description) <= 2000),
  contact_name text check (char_length(contact_name) between 1 and 200),
  phone text check (char_length(phone) between 1 and 40),
  secondary_color text check (char_length(secondary_color) between 1 and 40),
  address text check (char_length(address) <= 500),
  industry text check (char_length(industry) between 1 and 200),
  website_url text check (char_length(website_url) between 1 and 2048),
  abn text check (char_length(abn) between 1 and 40),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create trigger companies_touch before update on public.companies
  for each row execute function private.touch_updated_at();

alter table public.companies enable row level security;
grant all on public.companies to service_role;
grant select on public.companies to api_key;
grant update (
  name, logo_url, primary_color, contact_email, country, timezone,
  slug, description, contact_name, phone, secondary_color, address, industry, website_url, abn
) on public.companies to api_key;

create policy "keys with company:read see their workspace" on public.companies
  for select to api_key
  using (id = (select private.company_for('company:read')));

create policy "keys with company:write change their workspace" on public.companies
  for update to api_key
  using (id = (select private.company_for('company:write')))
  with check (id = (select private.company_for('company:write')));

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
grant execute on function private.brand(public.companies) to service_role;
