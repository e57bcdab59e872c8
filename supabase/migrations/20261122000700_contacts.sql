-- The people of a workspace: its referrers, and those who were referred.

create table public.crm_contacts (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  first_name text not null check (char_length(first_name) between 1 and 200 and private.is_name(first_name)),
  last_name text check (char_length(last_name) <= 200 and private.is_name(last_name)),
  email text check (private.is_email(email)),
  phone text check (phone ~ '^\+[1-9][0-9]{1,14}(;ext=[0-9]{1,15})?$'),
  job_title text check (char_length(job_title) <= 200 and private.is_line(job_title)),
  source text check (char_length(source) between 1 and 200),
  images text[] not null default '{}',
  -- by whoever held a link: automations mail them only where the workspace says so
  made_by_form boolean not null default false,
  -- no reference: it would cost each insert an index and a look at the key
  created_by uuid default private.calling_key(),
  -- kept by the page email_unsubscribed
  unsubscribed_at timestamptz(3),
  email_unsubscribed boolean not null generated always as (unsubscribed_at is not null) stored,
  archived_at timestamptz(3),
  search_text text not null generated always as (
    private.folded(
      first_name || ' ' || coalesce(last_name, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '')
    )
  ) stored,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id)
);

-- Emails compare without case and in either spelling, and name one contact of a workspace.
create unique index crm_contacts_email on public.crm_contacts (company_id, private.email_key(email));
create index crm_contacts_source on public.crm_contacts (company_id, source, created_at desc, id desc);
-- Partial, since these are asked by `is null`, which a plan knows, where it takes a boolean that is always the same for any.
create index crm_contacts_active on public.crm_contacts (company_id, created_at desc, id desc) where archived_at is null;
create index crm_contacts_archived on public.crm_contacts (company_id, created_at desc, id desc)
  where archived_at is not null;
create index crm_contacts_unsubscribed on public.crm_contacts (company_id, created_at desc, id desc)
  where unsubscribed_at is not null;
create index crm_contacts_phone on public.crm_contacts (company_id, phone);
create index crm_contacts_created_at on public.crm_contacts (company_id, created_at desc, id desc);
create index crm_contacts_updated_at on public.crm_contacts (company_id, updated_at desc, id desc);

create trigger crm_contacts_touch before update on public.crm_contacts
  for each row execute function private.touch_updated_at();

alter table public.crm_contacts enable row level security;
grant all on public.crm_contacts to service_role;
grant select on public.crm_contacts to api_key;
grant insert (first_name, last_name, email, phone, job_title, source, archived_at),
  update (first_name, last_name, email, phone, job_title, source, archived_at) on public.crm_contacts to api_key;

create policy "keys with contacts:read see their workspace's contacts" on public.crm_contacts
  for select to api_key
  using (company_id = (select private.company_for('contacts:read')));

create policy "keys with contacts:write add contacts to their workspace" on public.crm_contacts
  for insert to api_key
  with check (company_id = (select private.company_for('contacts:write')));

create policy "keys with contacts:write change their workspace's contacts" on public.crm_contacts
  for update to api_key
  using (company_id = (select private.company_for('contacts:write')))
  with check (company_id = (select private.company_for('contacts:write')));

-- When a list of them was read: see the page updated_at.
create function public.listed_at(public.crm_contacts) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;
grant execute on function public.listed_at(public.crm_contacts) to api_key;

-- A contact as other resources inline it. In plpgsql, as all that is read beside a row: a function in SQL that cannot be
-- inlined is planned anew for each row that it is called for. A page of opportunities with `expand` takes a twentieth of the
-- time.
create function private.contact_card(contact public.crm_contacts)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select case when (contact).id is not null then jsonb_build_object(
      'id', (contact).id,
      'first_name', (contact).first_name,
      'last_name', (contact).last_name,
      'email', (contact).email,
      'phone', (contact).phone,
      'job_title', (contact).job_title
    ) end
  );
end
$$;
grant execute on function private.contact_card(public.crm_contacts) to service_role;

-- The country for phone numbers without a prefix, for keys that may write contacts but not read the company.
create function private.calling_country()
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select country from public.companies where id = (select private.company_for('contacts:write'))
$$;
grant execute on function private.calling_country() to api_key;

create function public.calling_country()
returns text
language sql
stable
set search_path = ''
as $$
  select private.calling_country()
$$;
grant execute on function public.calling_country() to api_key;

-- The id of the caller's own contact with that email, in any case. A definer that names the workspace itself: `email_key()` is
-- not leakproof, so under row level security no index could serve it.
create function private.contact_with_email(email text)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select id
    from public.crm_contacts
    where company_id = private.company_for('contacts:write')
      and private.email_key(crm_contacts.email) = private.email_key(contact_with_email.email)
  );
end
$$;
grant execute on function private.contact_with_email(text) to api_key;

create function public.contact_with_email(email text)
returns uuid
language sql
stable
set search_path = ''
as $$
  select private.contact_with_email(email)
$$;
grant execute on function public.contact_with_email(text) to api_key;
