-- What a workspace chose for its referrals: the categories, the stage that they enter, how often its form may be tried, whom
-- its automations may mail beside the contacts that it made itself.

-- Whether every label has 1 to 80 characters without white space around it, and none comes twice.
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
grant execute on function private.are_distinct_labels(text[]) to api_key;

create table public.company_settings (
  company_id uuid primary key references public.companies on delete cascade,
  referral_categories text[] not null default '{}'
    check (cardinality(referral_categories) <= 200 and private.are_distinct_labels(referral_categories)),
  -- what forms of other programs offer for an opportunity's lead_source; nothing here asks for it
  lead_sources text[] not null default '{}'
    check (cardinality(lead_sources) <= 200 and private.are_distinct_labels(lead_sources)),
  referral_pipeline_id uuid,
  referral_stage_id uuid,
  updated_at timestamptz(3) not null default now(),
  form_tries_per_hour integer not null default 60 check (form_tries_per_hour > 0),
  mail_recipients text[] not null default '{}'
    check (cardinality(mail_recipients) <= 50 and private.are_emails(mail_recipients)),
  mail_form_contacts boolean not null default false,
  check (referral_stage_id is null or referral_pipeline_id is not null),
  constraint company_settings_referral_pipeline_fkey foreign key (referral_pipeline_id, company_id)
    references public.crm_pipelines (id, company_id) on delete set null (referral_pipeline_id),
  constraint company_settings_referral_stage_fkey foreign key (referral_stage_id, referral_pipeline_id, company_id)
    references public.crm_pipeline_stages (id, pipeline_id, company_id) on delete set null (referral_stage_id)
);

create index company_settings_referral_pipeline on public.company_settings (referral_pipeline_id, company_id);
create index company_settings_referral_stage
  on public.company_settings (referral_stage_id, referral_pipeline_id, company_id);

create trigger company_settings_touch before update on public.company_settings
  for each row execute function private.touch_updated_at();

alter table public.company_settings enable row level security;
grant all on public.company_settings to service_role;
grant select on public.company_settings to api_key;
grant update (referral_categories, lead_sources, referral_pipeline_id, referral_stage_id, mail_recipients, mail_form_contacts) on public.company_settings to api_key;

create policy "keys with company:read see their workspace's settings" on public.company_settings
  for select to api_key
  using (company_id = (select private.company_for('company:read')));

create policy "keys with company:write change their workspace's settings" on public.company_settings
  for update to api_key
  using (company_id = (select private.company_for('company:write')))
  with check (company_id = (select private.company_for('company:write')));

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

-- A referral stage belongs to the referral pipeline: another pipeline without a stage of its own clears it.
create function private.clear_referral_stage()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.referral_stage_id := null;
  return new;
end
$$;

create trigger company_settings_clear_referral_stage before update on public.company_settings
  for each row when (
    new.referral_pipeline_id is distinct from old.referral_pipeline_id
    and new.referral_stage_id = old.referral_stage_id
  )
  execute function private.clear_referral_stage();

-- The check says it too; a change reaches every caller as a 400.
create function private.refuse_stage_without_pipeline()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.refuse(
    400,
    'VALIDATION_ERROR',
    'referral_stage_id needs referral_pipeline_id beside it.',
    details => 'referral_stage_id'
  );
  return new;
end
$$;

create trigger company_settings_refuse_stage_without_pipeline before update on public.company_settings
  for each row when (new.referral_stage_id is not null and new.referral_pipeline_id is null)
  execute function private.refuse_stage_without_pipeline();
