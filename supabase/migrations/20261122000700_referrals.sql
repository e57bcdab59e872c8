-- Who referred whom, and which opportunity came of it (contract 2).

create table public.referrals (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  referrer_contact_id uuid not null,
  referred_contact_id uuid,
  referred_deal_id uuid,
  source text not null default 'manual' check (source in ('form', 'manual', 'api', 'automation')),
  status text not null default 'pending' check (status in ('pending', 'accepted', 'converted', 'declined')),
  category text check (char_length(category) between 1 and 80),
  notes text check (char_length(notes) <= 10000),
  converted_at timestamptz(3),
  created_by uuid default private.calling_key(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id),
  check (referrer_contact_id <> referred_contact_id),
  check ((status = 'converted') = (converted_at is not null)),
  constraint referrals_referrer_contact_fkey foreign key (referrer_contact_id, company_id)
    references public.crm_contacts (id, company_id) on delete cascade,
  constraint referrals_referred_contact_fkey foreign key (referred_contact_id, company_id)
    references public.crm_contacts (id, company_id) on delete set null (referred_contact_id),
  constraint referrals_referred_deal_fkey foreign key (referred_deal_id, company_id)
    references public.crm_deals (id, company_id) on delete set null (referred_deal_id),
  constraint referrals_created_by_fkey foreign key (created_by, company_id)
    references public.api_keys (id, company_id) on delete set null (created_by)
);

-- The same referrer, contact and opportunity once; a referral without a contact may repeat. With the workspace in it: a
-- unique index speaks before the foreign keys do, and would tell of another workspace's chain. (Deleting opportunities by
-- SQL fails here where it would leave the same referrer and contact twice without one: merge those referrals first.)
create unique index referrals_once
  on public.referrals (company_id, referrer_contact_id, referred_contact_id, referred_deal_id) nulls not distinct
  where referred_contact_id is not null;

create index referrals_created_at on public.referrals (company_id, created_at desc, id desc);
create index referrals_updated_at on public.referrals (company_id, updated_at desc, id desc);
create index referrals_status on public.referrals (company_id, status, created_at desc, id desc);
create index referrals_category on public.referrals (company_id, category, created_at desc, id desc);
create index referrals_source on public.referrals (company_id, source, created_at desc, id desc);
create index referrals_referrer on public.referrals (referrer_contact_id, company_id, created_at desc, id desc);
create index referrals_referred_contact on public.referrals (referred_contact_id, company_id, created_at desc, id desc);
create index referrals_referred_deal on public.referrals (referred_deal_id, company_id, created_at desc, id desc);
create index referrals_created_by on public.referrals (created_by, company_id);

-- Row triggers speak before policies do: they leave a key without referrals:write to its policy, unanswered. Raises 401
-- for a dead key.
create function private.may_write_referrals()
returns boolean
language sql
stable
set search_path = ''
as $$
  select private.claims() ->> 'role' is distinct from 'api_key'
    or private.company_for('referrals:write') is not null
$$;

-- The check above says it too; raised here, it reaches every caller as the contract's 409.
create function private.refuse_self_referral()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if private.may_write_referrals() then
    perform private.refuse(409, 'CONFLICT', 'Nobody refers themself: the referrer and the referred contact are the same.');
  end if;
  return new;
end
$$;

-- A category is one of the workspace's, when it has a list; rows that already carry another keep it.
-- A definer, because who writes referrals need not be allowed to read the settings.
create function private.check_referral_category()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  categories text[];
begin
  select referral_categories into categories
  from public.company_settings
  where company_settings.company_id = new.company_id;
  if cardinality(categories) > 0 and new.category <> all (categories) and private.may_write_referrals() then
    perform private.refuse(
      400,
      'VALIDATION_ERROR',
      'category is not one of this workspace''s referral categories.',
      details => 'category',
      hint => 'Accepted: ' || array_to_string(categories, ', ')
    );
  end if;
  return new;
end
$$;

create function private.stamp_converted_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.converted_at := case when new.status = 'converted' then coalesce(new.converted_at, now()) end;
  return new;
end
$$;

create trigger referrals_refuse_self_referral before insert or update on public.referrals
  for each row when (new.referrer_contact_id = new.referred_contact_id)
  execute function private.refuse_self_referral();

create trigger referrals_check_category_on_insert before insert on public.referrals
  for each row when (new.category is not null)
  execute function private.check_referral_category();

create trigger referrals_check_category_on_update before update on public.referrals
  for each row when (new.category is distinct from old.category and new.category is not null)
  execute function private.check_referral_category();

create trigger referrals_stamp_converted_at_on_insert before insert on public.referrals
  for each row when (new.status = 'converted' or new.converted_at is not null)
  execute function private.stamp_converted_at();

create trigger referrals_stamp_converted_at_on_update before update on public.referrals
  for each row when (new.status is distinct from old.status)
  execute function private.stamp_converted_at();

create trigger referrals_touch before update on public.referrals
  for each row execute function private.touch_updated_at();

revoke execute on function private.may_write_referrals(), private.refuse_self_referral(),
  private.check_referral_category(), private.stamp_converted_at() from public;
grant execute on function private.may_write_referrals() to api_key;

alter table public.referrals enable row level security;
revoke all on public.referrals from anon, authenticated;
grant select, delete on public.referrals to api_key;
grant insert (referrer_contact_id, referred_contact_id, referred_deal_id, source, status, category, notes),
  update (referred_contact_id, referred_deal_id, status, category, notes) on public.referrals to api_key;

create policy "keys with referrals:read see their workspace's referrals" on public.referrals
  for select to api_key
  using (company_id = (select private.company_for('referrals:read')));

create policy "keys with referrals:write log referrals in their workspace" on public.referrals
  for insert to api_key
  with check (company_id = (select private.company_for('referrals:write')) and source <> 'automation');

create policy "keys with referrals:write change their workspace's referrals" on public.referrals
  for update to api_key
  using (company_id = (select private.company_for('referrals:write')))
  with check (company_id = (select private.company_for('referrals:write')));

create policy "keys with referrals:delete remove their workspace's referrals" on public.referrals
  for delete to api_key
  using (company_id = (select private.company_for('referrals:delete')));

-- The id of the caller's own referral that has the referrer, contact and opportunity of `chain`, laid over those of the
-- referral `changed_id` when one is given.
create function public.referral_in_the_way(chain jsonb, changed_id uuid default null)
returns uuid
language sql
stable
set search_path = ''
as $$
  select other.id
  from jsonb_populate_record(
    null::public.referrals,
    coalesce((select to_jsonb(referrals) from public.referrals where referrals.id = changed_id), '{}') || chain
  ) as wanted
  join public.referrals as other on other.referrer_contact_id = wanted.referrer_contact_id
    and other.referred_contact_id = wanted.referred_contact_id
    and other.referred_deal_id is not distinct from wanted.referred_deal_id
  where other.id is distinct from changed_id
$$;

revoke execute on function public.referral_in_the_way(jsonb, uuid) from public, anon, authenticated, service_role;
grant execute on function public.referral_in_the_way(jsonb, uuid) to api_key;

-- What `expand` inlines into a referral. Only the id of the given row counts: a caller can forge the rest of it, so
-- the row is read again under the caller's own workspace.
create function private.referral_referrer(referral_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select private.contact_card(crm_contacts)
  from public.referrals
  join public.crm_contacts on crm_contacts.id = referrals.referrer_contact_id
    and crm_contacts.company_id = referrals.company_id
  where referrals.id = referral_referrer.referral_id
    and referrals.company_id = (select private.company_for('referrals:read'))
$$;

create function private.referral_referred_contact(referral_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select private.contact_card(crm_contacts)
  from public.referrals
  join public.crm_contacts on crm_contacts.id = referrals.referred_contact_id
    and crm_contacts.company_id = referrals.company_id
  where referrals.id = referral_referred_contact.referral_id
    and referrals.company_id = (select private.company_for('referrals:read'))
$$;

create function private.referral_opportunity(referral_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'id', crm_deals.id,
    'name', crm_deals.name,
    'status', crm_deals.status,
    'contact_id', crm_deals.contact_id,
    'value', crm_deals.value,
    'currency', crm_deals.currency
  )
  from public.referrals
  join public.crm_deals on crm_deals.id = referrals.referred_deal_id
    and crm_deals.company_id = referrals.company_id
  where referrals.id = referral_opportunity.referral_id
    and referrals.company_id = (select private.company_for('referrals:read'))
$$;

create function public.referrer(public.referrals) returns jsonb
language sql stable set search_path = ''
as $$ select private.referral_referrer(($1).id) $$;

create function public.referred_contact(public.referrals) returns jsonb
language sql stable set search_path = ''
as $$ select private.referral_referred_contact(($1).id) $$;

create function public.opportunity(public.referrals) returns jsonb
language sql stable set search_path = ''
as $$ select private.referral_opportunity(($1).id) $$;

revoke execute on function private.referral_referrer(uuid), private.referral_referred_contact(uuid),
  private.referral_opportunity(uuid) from public;
revoke execute on function public.referrer(public.referrals), public.referred_contact(public.referrals),
  public.opportunity(public.referrals) from public, anon, authenticated, service_role;
grant execute on function private.referral_referrer(uuid), private.referral_referred_contact(uuid),
  private.referral_opportunity(uuid), public.referrer(public.referrals), public.referred_contact(public.referrals),
  public.opportunity(public.referrals) to api_key;

-- When a list was read, by the database's clock: a paging by `updated_at` leaves out what changed since it began.
create function public.listed_at(public.referrals) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;

revoke execute on function public.listed_at(public.referrals) from public, anon, authenticated, service_role;
grant execute on function public.listed_at(public.referrals) to api_key;
