-- A workspace: its name, its looks, where it is.

create table public.companies (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 200 and private.is_line(name)),
  -- the sender's name of its mails: the operator's to change
  mail_name text not null check (char_length(mail_name) between 1 and 200 and private.is_line(mail_name)),
  logo_url text check (char_length(logo_url) <= 2048 and logo_url like 'https://%'),
  primary_color text check (primary_color ~ '^#[0-9a-f]{6}$'),
  contact_email text check (private.is_email(contact_email)),
  -- those that have phone numbers
  country text check (country in (
    'AC', 'AD', 'AE', 'AF', 'AG', 'AI', 'AL', 'AM', 'AO', 'AR', 'AS', 'AT', 'AU', 'AW', 'AX', 'AZ', 'BA', 'BB',
    'BD', 'BE', 'BF', 'BG', 'BH', 'BI', 'BJ', 'BL', 'BM', 'BN', 'BO', 'BQ', 'BR', 'BS', 'BT', 'BW', 'BY', 'BZ',
    'CA', 'CC', 'CD', 'CF', 'CG', 'CH', 'CI', 'CK', 'CL', 'CM', 'CN', 'CO', 'CR', 'CU', 'CV', 'CW', 'CX', 'CY',
    'CZ', 'DE', 'DJ', 'DK', 'DM', 'DO', 'DZ', 'EC', 'EE', 'EG', 'EH', 'ER', 'ES', 'ET', 'FI', 'FJ', 'FK', 'FM',
    'FO', 'FR', 'GA', 'GB', 'GD', 'GE', 'GF', 'GG', 'GH', 'GI', 'GL', 'GM', 'GN', 'GP', 'GQ', 'GR', 'GT', 'GU',
    'GW', 'GY', 'HK', 'HN', 'HR', 'HT', 'HU', 'ID', 'IE', 'IL', 'IM', 'IN', 'IO', 'IQ', 'IR', 'IS', 'IT', 'JE',
    'JM', 'JO', 'JP', 'KE', 'KG', 'KH', 'KI', 'KM', 'KN', 'KP', 'KR', 'KW', 'KY', 'KZ', 'LA', 'LB', 'LC', 'LI',
    'LK', 'LR', 'LS', 'LT', 'LU', 'LV', 'LY', 'MA', 'MC', 'MD', 'ME', 'MF', 'MG', 'MH', 'MK', 'ML', 'MM', 'MN',
    'MO', 'MP', 'MQ', 'MR', 'MS', 'MT', 'MU', 'MV', 'MW', 'MX', 'MY', 'MZ', 'NA', 'NC', 'NE', 'NF', 'NG', 'NI',
    'NL', 'NO', 'NP', 'NR', 'NU', 'NZ', 'OM', 'PA', 'PE', 'PF', 'PG', 'PH', 'PK', 'PL', 'PM', 'PR', 'PS', 'PT',
    'PW', 'PY', 'QA', 'RE', 'RO', 'RS', 'RU', 'RW', 'SA', 'SB', 'SC', 'SD', 'SE', 'SG', 'SH', 'SI', 'SJ', 'SK',
    'SL', 'SM', 'SN', 'SO', 'SR', 'SS', 'ST', 'SV', 'SX', 'SY', 'SZ', 'TA', 'TC', 'TD', 'TG', 'TH', 'TJ', 'TK',
    'TL', 'TM', 'TN', 'TO', 'TR', 'TT', 'TV', 'TW', 'TZ', 'UA', 'UG', 'US', 'UY', 'UZ', 'VA', 'VC', 'VE', 'VG',
    'VI', 'VN', 'VU', 'WF', 'WS', 'XK', 'YE', 'YT', 'ZA', 'ZM', 'ZW'
  )),
  timezone text not null default 'UTC' check (private.is_time_zone(timezone)),
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

-- Mails go out in the name that a workspace was opened with. Who may change `name` may not pass for somebody else by it.
create function private.name_sender()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.mail_name := coalesce(new.mail_name, new.name);
  return new;
end
$$;

create trigger companies_name_sender before insert on public.companies
  for each row execute function private.name_sender();

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

-- What a workspace's mails show of it.
create function private.brand(company public.companies)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'name', company.name,
    'mail_name', company.mail_name,
    'logo_url', company.logo_url,
    'primary_color', company.primary_color,
    'contact_email', company.contact_email
  )
$$;
grant execute on function private.brand(public.companies) to service_role;

-- What its public pages show of it.
create function private.public_brand(company public.companies)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select private.brand(company) - array['mail_name', 'contact_email']
$$;
