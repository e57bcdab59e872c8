-- Asking, renewing and withdrawing a referral request, on behalf of a key that may write referrals.

-- What the mail of a request says: the workspace's brand, the contact, the opportunity and the texts.
create function private.request_mail(request public.referral_requests)
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

-- When a link asked for now ends: with the day that its mail names, where the workspace is.
create function private.request_ends(workspace uuid, days integer)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select private.end_of_day(now(), days, timezone) from public.companies where id = workspace
$$;

-- Takes the mail that this request's link goes out with from the workspace's budget. Raises 429.
create function private.take_request_mail(request public.referral_requests, token text)
returns void
language sql
set search_path = ''
as $$
  -- the key under which the provider takes it once
  select private.take_mail(
    request.company_id,
    request.recipient_email,
    format('referral-request/%s/%s', request.id, left(encode(private.token_hash(token), 'hex'), 16))
  )
$$;

-- Raises 409 for a contact who has an open request, and names that one; of callers at once the first one asks.
create function private.refuse_asked(contact uuid, workspace uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  open_request uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended('ask ' || contact, 0));
  select id into open_request
  from public.referral_requests
  where contact_id = contact and company_id = workspace and lapses_at > now()
  order by lapses_at desc, id
  limit 1;
  if found then
    perform private.refuse(
      409,
      'CONFLICT',
      'This person has an open request already: they are asked again only by force.',
      details => open_request::text
    );
  end if;
end
$$;

-- Writes a request for `token` and an unsubscribe link for `unsubscribe_token`; gives what its mail says. A definer, because
-- who writes referrals need not be allowed to read contacts. Raises 404, 400 without an email, 409 for the unsubscribed, and
-- without `force` for who has an open request, 429 beyond the mails' budget.
create function private.ask_for_referral(
  contact uuid,
  deal uuid,
  token text,
  unsubscribe_token text,
  subject_override text,
  intro_html text,
  how_it_works_html text,
  expires_in_days integer,
  force boolean
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('referrals:write');
  asked public.crm_contacts;
  request public.referral_requests;
begin
  select * into asked from public.crm_contacts where id = contact and company_id = workspace;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'contact_id names no row of your workspace.', details => 'contact_id');
  end if;
  if deal is not null and not exists (select from public.crm_deals where id = deal and company_id = workspace) then
    perform private.refuse(404, 'NOT_FOUND', 'deal_id names no row of your workspace.', details => 'deal_id');
  end if;
  if asked.email is null then
    perform private.refuse(
      400, 'VALIDATION_ERROR', 'This contact has no email address to send the request to.', details => 'contact_id'
    );
  end if;
  perform private.refuse_unsubscribed(workspace, asked.id, asked.email);
  if force is not true then
    perform private.refuse_asked(asked.id, workspace);
  end if;

  insert into public.referral_requests as requests (
    company_id, contact_id, deal_id, recipient_email, recipient_name, subject_override, intro_html, how_it_works_html,
    expires_in_days, expires_at, created_by
  )
  values (
    workspace, contact, deal, asked.email, concat_ws(' ', asked.first_name, asked.last_name),
    ask_for_referral.subject_override, ask_for_referral.intro_html, ask_for_referral.how_it_works_html,
    ask_for_referral.expires_in_days, private.request_ends(workspace, ask_for_referral.expires_in_days),
    private.calling_key()
  )
  returning * into request;
  insert into private.request_links (request_id, token_hash) values (request.id, private.token_hash(token));
  perform private.link_unsubscribing(unsubscribe_token, asked);
  perform private.take_request_mail(request, token);

  return private.request_mail(request);
end
$$;
grant execute on function private.ask_for_referral(uuid, uuid, text, text, text, text, text, integer, boolean) to api_key;

create function public.ask_for_referral(
  contact uuid,
  token text,
  unsubscribe_token text,
  deal uuid default null,
  subject_override text default null,
  intro_html text default null,
  how_it_works_html text default null,
  expires_in_days integer default 30,
  force boolean default false
)
returns jsonb
language sql set search_path = ''
as $$
  select private.ask_for_referral(
    contact, deal, token, unsubscribe_token, subject_override, intro_html, how_it_works_html, expires_in_days, force
  )
$$;
grant execute on function public.ask_for_referral(uuid, text, text, uuid, text, text, text, integer, boolean) to api_key;

-- The request of the caller's workspace, locked. Raises 404, and 409 when it was submitted.
create function private.open_request(request_id uuid)
returns public.referral_requests
language plpgsql
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('referrals:write');
  request public.referral_requests;
begin
  select * into request from public.referral_requests where id = request_id and company_id = workspace for update;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  if request.submitted_at is not null then
    perform private.refuse(409, 'CONFLICT', 'This request has been submitted already.');
  end if;
  return request;
end
$$;

-- Gives a request a fresh token and date, also one that expired or was withdrawn; the old link stops working. It goes to the
-- contact's address and name as they are now. Gives what its mail says. Raises as `ask_for_referral` does by force, and 409
-- when it was submitted.
create function private.renew_referral_request(request_id uuid, token text, unsubscribe_token text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  request public.referral_requests := private.open_request(request_id);
  asked public.crm_contacts;
begin
  select * into asked from public.crm_contacts where id = request.contact_id and company_id = request.company_id;
  if asked.email is null then
    perform private.refuse(400, 'VALIDATION_ERROR', 'This contact has no email address to send the request to.');
  end if;
  perform private.refuse_unsubscribed(request.company_id, asked.id, asked.email);
  update private.request_links
  set token_hash = private.token_hash(token), tries = 0
  where request_links.request_id = request.id;
  update public.referral_requests
  set recipient_email = asked.email,
    recipient_name = concat_ws(' ', asked.first_name, asked.last_name),
    sent_at = now(),
    viewed_at = null,
    withdrawn_at = null,
    expires_at = private.request_ends(company_id, expires_in_days),
    emailed_at = null,
    email_id = null,
    email_error = null,
    delivery = 'queued'
  where id = request_id
  returning * into request;
  perform private.link_unsubscribing(unsubscribe_token, asked);
  perform private.take_request_mail(request, token);
  return private.request_mail(request);
end
$$;
grant execute on function private.renew_referral_request(uuid, text, text) to api_key;

create function public.renew_referral_request(request_id uuid, token text, unsubscribe_token text) returns jsonb
language sql set search_path = ''
as $$ select private.renew_referral_request(request_id, token, unsubscribe_token) $$;
grant execute on function public.renew_referral_request(uuid, text, text) to api_key;

-- Withdraws a request: its link answers 410. Raises 404, and 409 when it was submitted.
create function private.withdraw_referral_request(request_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.open_request(request_id);
  update public.referral_requests
  set withdrawn_at = coalesce(withdrawn_at, now()), expires_at = least(expires_at, now())
  where id = request_id;
end
$$;
grant execute on function private.withdraw_referral_request(uuid) to api_key;

create function public.withdraw_referral_request(request_id uuid) returns void
language sql set search_path = ''
as $$ select private.withdraw_referral_request(request_id) $$;
grant execute on function public.withdraw_referral_request(uuid) to api_key;

-- Records what became of a request's mail: the provider's id, or a sentence that says what went wrong.
create function private.record_request_mail(request_id uuid, email_id text, email_error text)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.referral_requests
  set emailed_at = now(),
    email_id = record_request_mail.email_id,
    email_error = record_request_mail.email_error,
    delivery = case when record_request_mail.email_error is null then 'sent' else 'failed' end
  where id = request_id and company_id = private.require_company('referrals:write')
$$;
grant execute on function private.record_request_mail(uuid, text, text) to api_key;

create function public.record_request_mail(request_id uuid, email_id text default null, email_error text default null)
returns void
language sql set search_path = ''
as $$ select private.record_request_mail(request_id, email_id, email_error) $$;
grant execute on function public.record_request_mail(uuid, text, text) to api_key;
