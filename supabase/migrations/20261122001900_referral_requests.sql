-- A contact is asked for a referral by a mail with a link.

-- Whether HTML stays within a mail's bounds whoever is asked: 100 kB, of which a token may bring 1,800 bytes.
create function private.fits_a_mail(html text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select octet_length(html) + 1800 * regexp_count(html, '\{\{[^{}]*\}\}') <= 100000
$$;
grant execute on function private.fits_a_mail(text) to service_role;

create table public.referral_requests (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null references public.companies on delete cascade,
  contact_id uuid not null,
  deal_id uuid,
  recipient_email text not null check (private.is_email(recipient_email)),
  recipient_name text not null check (char_length(recipient_name) <= 401 and private.is_name(recipient_name)),
  subject_override text check (char_length(subject_override) <= 200),
  intro_html text check (char_length(intro_html) <= 20000 and private.fits_a_mail(intro_html)),
  how_it_works_html text check (char_length(how_it_works_html) <= 20000 and private.fits_a_mail(how_it_works_html)),
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
  -- what became of its mail, as far as the provider has told
  delivery text not null default 'queued'
    check (delivery in ('queued', 'sent', 'delivered', 'bounced', 'complained', 'suppressed', 'failed')),
  created_by uuid,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  consented_at timestamptz(3),
  -- what was typed into its form: a contact that was there already is not overwritten with it
  submission jsonb check (jsonb_typeof(submission) = 'object'),
  -- the status as of the last write, and when it lapses by itself: kept by the page request_status
  written_status text not null default 'sent' check (written_status in ('sent', 'viewed', 'submitted', 'expired')),
  lapses_at timestamptz(3),
  unique (id, company_id),
  constraint referral_requests_consent check ((submitted_at is null) = (consented_at is null)),
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
create index referral_requests_status
  on public.referral_requests (company_id, written_status, created_at desc, id desc);
create index referral_requests_delivery on public.referral_requests (company_id, delivery, created_at desc, id desc);
create index referral_requests_open on public.referral_requests (contact_id, company_id) where lapses_at is not null;
create index referral_requests_lapses_at on public.referral_requests (lapses_at, company_id) where lapses_at is not null;

-- A row's workspace follows from what the row belongs to: see the page opportunities.
create statistics public.referral_requests_owner (dependencies) on contact_id, company_id from public.referral_requests;

-- A request that lapses is not edited: only the job that writes it names the status in a statement. Triggers fire by name, so
-- this one comes before the other has written it.
create trigger referral_requests_touch before update on public.referral_requests
  for each row when (new.written_status = old.written_status) execute function private.touch_updated_at();

alter table public.referral_requests enable row level security;
grant all on public.referral_requests to service_role;
grant select on public.referral_requests to api_key;

create policy "keys with referrals:read see their workspace's requests" on public.referral_requests
  for select to api_key
  using (company_id = (select private.company_for('referrals:read')));

-- When a list of them was read: see the page updated_at.
create function public.listed_at(public.referral_requests) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;
grant execute on function public.listed_at(public.referral_requests) to api_key;
