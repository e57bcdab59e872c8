-- The public form as it is shown, for whoever holds a link's token. `anon` gets these functions and no table.

-- What a form needs to show itself, and nothing else about anyone; null for an unknown token.
create function private.referral_form(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'company', private.public_brand(companies),
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
grant execute on function private.referral_form(text) to anon;

create function public.referral_form(token text) returns jsonb
language sql stable set search_path = ''
as $$ select private.referral_form(token) $$;
grant execute on function public.referral_form(text) to anon;

-- Stamps that a person saw the form, once; false for an unknown token.
create function private.view_referral_request(token text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.referral_requests
  set viewed_at = now()
  from private.request_links as link
  where link.token_hash = private.token_hash(token)
    and referral_requests.id = link.request_id
    and viewed_at is null
    and submitted_at is null
    and expires_at > now();
  return found or exists (select from private.request_links where token_hash = private.token_hash(token));
end
$$;
grant execute on function private.view_referral_request(text) to anon;

create function public.view_referral_request(token text) returns boolean
language sql set search_path = ''
as $$ select private.view_referral_request(token) $$;
grant execute on function public.view_referral_request(text) to anon;
