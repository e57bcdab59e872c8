-- What is read beside a row, in plpgsql: a function in SQL that cannot be inlined is planned anew for each row that it is
-- called for. A page of opportunities with `expand` takes a twentieth of the time.

create or replace function private.contact_card(contact public.crm_contacts)
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

create or replace function private.deal_contact(deal_id uuid)
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

create or replace function private.deal_referrer(deal_id uuid)
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

create or replace function private.referral_referrer(referral_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select private.contact_card(crm_contacts)
    from public.referrals
    join public.crm_contacts on crm_contacts.id = referrals.referrer_contact_id
      and crm_contacts.company_id = referrals.company_id
    where referrals.id = referral_referrer.referral_id
      and referrals.company_id = (select private.company_for('referrals:read'))
  );
end
$$;

create or replace function private.referral_referred_contact(referral_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select private.contact_card(crm_contacts)
    from public.referrals
    join public.crm_contacts on crm_contacts.id = referrals.referred_contact_id
      and crm_contacts.company_id = referrals.company_id
    where referrals.id = referral_referred_contact.referral_id
      and referrals.company_id = (select private.company_for('referrals:read'))
  );
end
$$;

create or replace function private.referral_opportunity(referral_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
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
  );
end
$$;

create or replace function private.referral_form(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'company', private.brand(companies) - 'contact_email',
      'country', companies.country,
      'referrer_first_name', crm_contacts.first_name,
      'categories', to_jsonb(company_settings.referral_categories),
      'status', public.status(request),
      'withdrawn', request.withdrawn_at is not null,
      'expires_at', request.expires_at
    )
    from private.request_links as link
    join public.referral_requests as request on request.id = link.request_id
    join public.companies on companies.id = request.company_id
    join public.company_settings on company_settings.company_id = request.company_id
    join public.crm_contacts on crm_contacts.id = request.contact_id
    where link.token_hash = private.token_hash(token)
  );
end
$$;

create or replace function private.request_mail(request public.referral_requests)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'request_id', request.id,
      'expires_at', request.expires_at,
      'brand', private.brand(companies),
      'timezone', companies.timezone,
      'contact', jsonb_build_object(
        'first_name', crm_contacts.first_name,
        'last_name', crm_contacts.last_name,
        'email', request.recipient_email
      ),
      'opportunity', (
        select jsonb_build_object('name', crm_deals.name) from public.crm_deals where crm_deals.id = request.deal_id
      ),
      'subject_override', request.subject_override,
      'intro_html', request.intro_html,
      'how_it_works_html', request.how_it_works_html
    )
    from public.companies
    join public.crm_contacts on crm_contacts.id = request.contact_id
    where companies.id = request.company_id
  );
end
$$;

create or replace function private.thank_you_mail(referral_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'brand', private.brand(companies),
      'referrer', jsonb_build_object(
        'first_name', referrer.first_name, 'last_name', referrer.last_name, 'email', referrer.email
      ),
      'friend', case when friend.id is not null then jsonb_build_object('first_name', friend.first_name) end
    )
    from public.referrals
    join public.companies on companies.id = referrals.company_id
    join public.crm_contacts as referrer on referrer.id = referrals.referrer_contact_id
    left join public.crm_contacts as friend on friend.id = referrals.referred_contact_id
    where referrals.id = thank_you_mail.referral_id
  );
end
$$;

-- The end of a stage, found by one step through its index.
create or replace function private.open_referred_deal(workspace uuid, contact uuid)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  deal uuid;
begin
  insert into public.crm_deals (company_id, name, contact_id, lead_source)
  select workspace, left(concat_ws(' ', first_name, last_name), 300), id, 'Referral'
  from public.crm_contacts
  where id = contact and company_id = workspace
  returning id into deal;

  insert into public.crm_deal_placements (company_id, deal_id, pipeline_id, stage_id, position)
  select workspace, deal, stage.pipeline_id, stage.id, coalesce((
    select max(position) + 1
    from public.crm_deal_placements as placement
    where placement.stage_id = stage.id
      and placement.pipeline_id = stage.pipeline_id
      and placement.company_id = workspace
  ), 0)
  from public.company_settings as settings
  join public.crm_pipelines as pipeline on pipeline.company_id = workspace
    and (settings.referral_pipeline_id is null or pipeline.id = settings.referral_pipeline_id)
  join public.crm_pipeline_stages as stage on stage.pipeline_id = pipeline.id
    and (settings.referral_stage_id is null or stage.id = settings.referral_stage_id)
  where settings.company_id = workspace
  order by pipeline.created_at, pipeline.id, stage.position, stage.id
  limit 1;
  return deal;
end
$$;

-- A definer that names the workspace itself: `lower()` is not leakproof, so under row level security no index could serve it.
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
      and lower(crm_contacts.email) = lower(contact_with_email.email)
  );
end
$$;

create or replace function public.contact_with_email(email text)
returns uuid
language sql
stable
set search_path = ''
as $$
  select private.contact_with_email(email)
$$;

revoke execute on function private.contact_with_email(text) from public;
grant execute on function private.contact_with_email(text) to api_key;
