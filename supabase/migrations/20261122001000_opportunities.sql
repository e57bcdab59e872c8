-- Opportunities: what may become of a contact. Who referred one is kept in its row by the page opportunity_referrer.

-- Whether these are tags: names of 1 to 80 characters, or `{"name", "color"}`, at most 50.
create function private.are_tags(tags jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select case when jsonb_typeof(tags) = 'array' then jsonb_array_length(tags) <= 50 and not exists (
    select from jsonb_array_elements(tags) as tag
    where case jsonb_typeof(tag)
      when 'string' then char_length(tag #>> '{}') not between 1 and 80
      when 'object' then tag - array['name', 'color'] <> '{}'
        or jsonb_typeof(tag -> 'name') is distinct from 'string'
        or char_length(tag ->> 'name') not between 1 and 80
        or tag ? 'color' and (jsonb_typeof(tag -> 'color') <> 'string' or char_length(tag ->> 'color') > 40)
      else true end
  ) else false end
$$;
grant execute on function private.are_tags(jsonb) to api_key;

create table public.crm_deals (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  name text not null check (char_length(name) between 1 and 300),
  status text not null default 'open' check (status in ('open', 'won', 'lost')),
  contact_id uuid,
  value numeric(16, 4) check (value >= 0),
  currency text check (currency is null or private.currency_decimals(currency) is not null),
  lead_source text check (char_length(lead_source) <= 200),
  tags jsonb not null default '[]' check (private.are_tags(tags)),
  notes text check (char_length(notes) <= 10000),
  metadata jsonb not null default '{}'
    check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384),
  primary_referrer_contact_id uuid,
  primary_referrer_category text,
  created_by uuid default private.calling_key(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  -- only referrals newer than this count for its referrer, beside its hand-set one
  referrer_cleared_at timestamptz(3),
  search_text text not null generated always as (private.folded(name)) stored,
  unique (id, company_id),
  constraint crm_deals_decimals_check check (value = round(value, coalesce(private.currency_decimals(currency), 2))),
  constraint crm_deals_contact_fkey foreign key (contact_id, company_id)
    references public.crm_contacts (id, company_id) on delete set null (contact_id),
  constraint crm_deals_primary_referrer_fkey foreign key (primary_referrer_contact_id, company_id)
    references public.crm_contacts (id, company_id) on delete set null (primary_referrer_contact_id)
);

-- Each list with one filter has an index in the list's order. None is partial by the filter's value: a prepared statement's
-- plan does not know it.
create index crm_deals_created_at on public.crm_deals (company_id, created_at desc, id desc);
create index crm_deals_updated_at on public.crm_deals (company_id, updated_at desc, id desc);
create index crm_deals_status on public.crm_deals (company_id, status, created_at desc, id desc);
create index crm_deals_contact on public.crm_deals (contact_id, company_id, created_at desc, id desc);
create index crm_deals_primary_referrer
  on public.crm_deals (primary_referrer_contact_id, company_id, created_at desc, id desc);

-- A row's workspace follows from what the row belongs to. Who does not know that expects so few rows of one contact that any
-- further filter looks needless.
create statistics public.crm_deals_owner (dependencies)
  on contact_id, primary_referrer_contact_id, company_id from public.crm_deals;

create trigger crm_deals_touch before update on public.crm_deals
  for each row execute function private.touch_updated_at();

alter table public.crm_deals enable row level security;
grant all on public.crm_deals to service_role;
grant select on public.crm_deals to api_key;
grant insert (name, status, contact_id, value, currency, lead_source, tags, notes, metadata),
  update (name, status, contact_id, value, currency, lead_source, tags, notes, metadata) on public.crm_deals to api_key;

create policy "keys with opportunities:read see opportunities" on public.crm_deals
  for select to api_key
  using (company_id = (select private.company_for('opportunities:read')));

create policy "keys with opportunities:write add opportunities" on public.crm_deals
  for insert to api_key
  with check (company_id = (select private.company_for('opportunities:write')));

create policy "keys with opportunities:write change opportunities" on public.crm_deals
  for update to api_key
  using (company_id = (select private.company_for('opportunities:write')))
  with check (company_id = (select private.company_for('opportunities:write')));

-- When a list of them was read: see the page updated_at.
create function public.listed_at(public.crm_deals) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;
grant execute on function public.listed_at(public.crm_deals) to api_key;

-- What `expand` inlines into an opportunity. Only the id of the given row counts: a caller can forge the rest of it, so the
-- row is read again under the caller's own workspace.
create function private.deal_contact(deal_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select private.contact_card(crm_contacts)
    from public.crm_deals
    join public.crm_contacts on crm_contacts.id = crm_deals.contact_id
      and crm_contacts.company_id = crm_deals.company_id
    where crm_deals.id = deal_contact.deal_id
      and crm_deals.company_id = (select private.company_for('opportunities:read'))
  );
end
$$;
grant execute on function private.deal_contact(uuid) to api_key;

create function private.deal_referrer(deal_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select private.contact_card(crm_contacts)
    from public.crm_deals
    join public.crm_contacts on crm_contacts.id = crm_deals.primary_referrer_contact_id
      and crm_contacts.company_id = crm_deals.company_id
    where crm_deals.id = deal_referrer.deal_id
      and crm_deals.company_id = (select private.company_for('opportunities:read'))
  );
end
$$;
grant execute on function private.deal_referrer(uuid) to api_key;

create function public.contact(public.crm_deals) returns jsonb
language sql stable set search_path = ''
as $$ select private.deal_contact(($1).id) $$;
grant execute on function public.contact(public.crm_deals) to api_key;

create function public.referrer(public.crm_deals) returns jsonb
language sql stable set search_path = ''
as $$ select private.deal_referrer(($1).id) $$;
grant execute on function public.referrer(public.crm_deals) to api_key;
