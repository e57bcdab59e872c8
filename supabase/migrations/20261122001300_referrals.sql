-- Who referred whom, and which opportunity came of it.

create table public.referrals (
  id uuid primary key default gen_random_uuid(),
  -- its referrer's: a reference of its own would lock the workspace's row with every insert, and all writers would meet there
  company_id uuid not null default private.claimed_company(),
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
  -- whether it is how its opportunity was attributed by hand: it outranks all others
  hand_set boolean not null default false,
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
create unique index referrals_hand_set on public.referrals (company_id, referred_deal_id) where hand_set;

create index referrals_created_at on public.referrals (company_id, created_at desc, id desc);
create index referrals_updated_at on public.referrals (company_id, updated_at desc, id desc);
create index referrals_status on public.referrals (company_id, status, created_at desc, id desc);
create index referrals_category on public.referrals (company_id, category, created_at desc, id desc);
create index referrals_source on public.referrals (company_id, source, created_at desc, id desc);
create index referrals_referrer on public.referrals (referrer_contact_id, company_id, created_at desc, id desc);
create index referrals_referred_contact on public.referrals (referred_contact_id, company_id, created_at desc, id desc);
create index referrals_referred_deal on public.referrals (referred_deal_id, company_id, created_at desc, id desc);
create index referrals_created_by on public.referrals (created_by, company_id);

-- A row's workspace follows from what the row belongs to: see the page opportunities.
create statistics public.referrals_owner (dependencies)
  on referrer_contact_id, referred_contact_id, referred_deal_id, company_id from public.referrals;

create trigger referrals_touch before update on public.referrals
  for each row execute function private.touch_updated_at();

alter table public.referrals enable row level security;
grant all on public.referrals to service_role;
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

-- When a list of them was read: see the page updated_at.
create function public.listed_at(public.referrals) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;
grant execute on function public.listed_at(public.referrals) to api_key;

-- The id of the caller's own referral that is in the way of `chain`, laid over those of the referral `changed_id` when one is
-- given: the same referrer, contact and opportunity, or another that is set by hand for the opportunity.
create function public.referral_in_the_way(chain jsonb, changed_id uuid default null)
returns uuid
language sql
stable
set search_path = ''
as $$
  with wanted as (
    select wanted.*
    from jsonb_populate_record(
      null::public.referrals,
      coalesce((select to_jsonb(referrals) from public.referrals where referrals.id = changed_id), '{}') || chain
    ) as wanted
  )
  select other.id
  from wanted
  join public.referrals as other on other.referrer_contact_id = wanted.referrer_contact_id
    and other.referred_contact_id = wanted.referred_contact_id
    and other.referred_deal_id is not distinct from wanted.referred_deal_id
  where other.id is distinct from changed_id
  union all
  select other.id
  from wanted
  join public.referrals as other on other.referred_deal_id = wanted.referred_deal_id and other.hand_set
  where wanted.hand_set and other.id is distinct from changed_id
  limit 1
$$;
grant execute on function public.referral_in_the_way(jsonb, uuid) to api_key;
