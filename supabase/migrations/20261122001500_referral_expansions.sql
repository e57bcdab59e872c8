-- What `expand` inlines into a referral. Only the id of the given row counts: a caller can forge the rest of it, so the row
-- is read again under the caller's own workspace.

create function private.referral_referrer(referral_id uuid)
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
grant execute on function private.referral_referrer(uuid) to api_key;

create function private.referral_referred_contact(referral_id uuid)
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
grant execute on function private.referral_referred_contact(uuid) to api_key;

create function private.referral_opportunity(referral_id uuid)
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
grant execute on function private.referral_opportunity(uuid) to api_key;

create function public.referrer(public.referrals) returns jsonb
language sql stable set search_path = ''
as $$ select private.referral_referrer(($1).id) $$;
grant execute on function public.referrer(public.referrals) to api_key;

create function public.referred_contact(public.referrals) returns jsonb
language sql stable set search_path = ''
as $$ select private.referral_referred_contact(($1).id) $$;
grant execute on function public.referred_contact(public.referrals) to api_key;

create function public.opportunity(public.referrals) returns jsonb
language sql stable set search_path = ''
as $$ select private.referral_opportunity(($1).id) $$;
grant execute on function public.opportunity(public.referrals) to api_key;
