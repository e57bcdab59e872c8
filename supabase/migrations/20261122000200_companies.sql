-- A workspace, and what it chose for its referrals.

-- Whether every label has 1 to 80 characters without white space around it, and none comes twice (contract 4).
create function private.are_distinct_labels(labels text[])
returns boolean
language sql
immutable
set search_path = ''
as $$
  select count(*) = count(distinct label)
    and coalesce(bool_and(char_length(label) between 1 and 80 and label = btrim(label)), true)
  from unnest(labels) as label
$$;

create table public.companies (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 200),
  logo_url text check (char_length(logo_url) <= 2048 and logo_url like 'https://%'),
  primary_color text check (primary_color ~ '^#[0-9a-f]{6}$'),
  contact_email text check (char_length(contact_email) <= 320),
  country text check (country ~ '^[A-Z]{2}$'),
  timezone text not null default 'UTC' check ((timestamptz '2000-01-01 00:00Z' at time zone timezone) is not null),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);

create table public.company_settings (
  company_id uuid primary key references public.companies on delete cascade,
  referral_categories text[] not null default '{}'
    check (cardinality(referral_categories) <= 200 and private.are_distinct_labels(referral_categories)),
  referral_pipeline_id uuid,
  referral_stage_id uuid,
  updated_at timestamptz(3) not null default now(),
  check (referral_stage_id is null or referral_pipeline_id is not null)
);

create trigger companies_touch before update on public.companies
  for each row execute function private.touch_updated_at();

create trigger company_settings_touch before update on public.company_settings
  for each row execute function private.touch_updated_at();

-- A workspace has its settings from the start, so that a change of them is always an update.
create function private.create_company_settings()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.company_settings (company_id) values (new.id) on conflict do nothing;
  return null;
end
$$;

create trigger companies_create_settings after insert on public.companies
  for each row execute function private.create_company_settings();

revoke execute on function private.are_distinct_labels(text[]), private.create_company_settings() from public;
grant execute on function private.are_distinct_labels(text[]) to api_key;

alter table public.companies enable row level security;
alter table public.company_settings enable row level security;
revoke all on public.companies, public.company_settings from anon, authenticated;
grant select on public.companies, public.company_settings to api_key;
grant update (name, logo_url, primary_color, contact_email, country, timezone) on public.companies to api_key;
grant update (referral_categories, referral_pipeline_id, referral_stage_id) on public.company_settings to api_key;

create policy "keys with company:read see their workspace" on public.companies
  for select to api_key
  using (id = (select private.company_for('company:read')));

create policy "keys with company:write change their workspace" on public.companies
  for update to api_key
  using (id = (select private.company_for('company:write')))
  with check (id = (select private.company_for('company:write')));

create policy "keys with company:read see their workspace's settings" on public.company_settings
  for select to api_key
  using (company_id = (select private.company_for('company:read')));

create policy "keys with company:write change their workspace's settings" on public.company_settings
  for update to api_key
  using (company_id = (select private.company_for('company:write')))
  with check (company_id = (select private.company_for('company:write')));
