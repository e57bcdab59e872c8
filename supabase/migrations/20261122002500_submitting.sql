-- The public form as it is sent: a friend's details become a contact, an opportunity and a referral.

-- The workspace's contact with that email in any spelling, else a new one, marked. Without an email, the oldest contact with that phone
-- and the same first name: families share phones. Two callers who name one person at once get one contact: they wait for each
-- other, in one order.
create function private.contact_for(
  workspace uuid,
  first_name text,
  last_name text,
  email text,
  phone text
)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  found_id uuid;
begin
  perform pg_advisory_xact_lock(lock)
  from (
    select distinct hashtextextended(workspace || address, 0) as lock
    from unnest(array[private.email_key(contact_for.email), contact_for.phone]) as address
    where address is not null
    order by lock
  ) as locks;

  select id into found_id
  from public.crm_contacts
  where crm_contacts.company_id = workspace and private.email_key(crm_contacts.email) = private.email_key(contact_for.email);
  if contact_for.email is null then
    select id into found_id
    from public.crm_contacts
    where crm_contacts.company_id = workspace
      and crm_contacts.phone = contact_for.phone
      and private.folded(crm_contacts.first_name) = private.folded(contact_for.first_name)
    order by created_at, id
    limit 1;
  end if;
  if found_id is null then
    insert into public.crm_contacts (company_id, first_name, last_name, email, phone, made_by_form)
    values (workspace, contact_for.first_name, contact_for.last_name, contact_for.email, contact_for.phone, true)
    on conflict (company_id, private.email_key(email)) do nothing
    returning id into found_id;
  end if;
  if found_id is null then
    -- Somebody added the email by another way while this insert waited for them.
    select id into found_id
    from public.crm_contacts
    where crm_contacts.company_id = workspace and private.email_key(crm_contacts.email) = private.email_key(contact_for.email);
  end if;
  return found_id;
end
$$;

-- Opens an opportunity for a referred contact, in the workspace's referral pipeline and stage, or its first ones. The end of a
-- stage is found by one step through its index.
create function private.open_referred_deal(workspace uuid, contact uuid)
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
  order by pipeline.created_at, pipeline.id, stage.position, stage.place, stage.id
  limit 1;
  return deal;
end
$$;

-- A refusal as a value: what was written before it stays.
create function private.refusal(
  status integer,
  code text,
  message text,
  path text default null,
  retry_after integer default null
)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'refused', jsonb_build_object(
      'status', status, 'code', code, 'message', message, 'path', path, 'retry_after', retry_after
    )
  )
$$;

-- Takes a friend's details in one transaction: contact, opportunity, referral, request `submitted`. The same referrer naming
-- the same friend again, while that referral is not declined, makes no second one. Gives `{"submitted_at", "already_referred"}`,
-- or `{"refused": {"status", "code", "message", …}}`: a value, not an error, so that the try stays counted. The phone is
-- E.164; a token works once, 404, 409 and 410 come before any limit. Nothing is taken without the friend's consent, nor
-- without a way to reach them.
create function private.submit_referral(
  token text,
  first_name text,
  last_name text,
  email text,
  phone text,
  category text,
  message text,
  consent boolean
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
#variable_conflict use_variable
declare
  link private.request_links;
  request public.referral_requests;
  settings public.company_settings;
  referrer public.crm_contacts;
  address_wait integer;
  friend uuid;
  made public.referrals;
  already_referred boolean;
begin
  -- Locked first, as every writer of requests does; the link is read after it, since a renewal may have replaced its token.
  select * into request
  from public.referral_requests
  where id = (select request_id from private.request_links where token_hash = private.token_hash(token))
  for update;
  select * into link
  from private.request_links
  where request_id = request.id and token_hash = private.token_hash(token);
  if not found then
    return private.refusal(404, 'NOT_FOUND', 'There is no such link.');
  end if;
  if request.submitted_at is not null then
    return private.refusal(409, 'CONFLICT', 'This form has been submitted already.');
  end if;
  if request.expires_at <= now() then
    return private.refusal(410, 'EXPIRED', 'This link is no longer valid.');
  end if;

  address_wait := private.count_form_try();
  if address_wait > 0 then
    return private.refusal(
      429, 'RATE_LIMITED', 'Too many forms were sent from here.', retry_after => address_wait
    );
  end if;
  select * into settings from public.company_settings where company_id = request.company_id;
  if link.tries_since <= now() - interval '1 hour' then
    link.tries := 0;
    link.tries_since := now();
  end if;
  if link.tries >= settings.form_tries_per_hour then
    return private.refusal(
      429,
      'RATE_LIMITED',
      'This form was sent too often; try again later.',
      retry_after => ceil(extract(epoch from link.tries_since + interval '1 hour' - now()))::integer
    );
  end if;
  update private.request_links
  set tries = link.tries + 1, tries_since = link.tries_since
  where request_id = link.request_id;

  if consent is not true then
    return private.refusal(400, 'VALIDATION_ERROR', 'must be true: your friend must agree', 'consent');
  end if;
  if coalesce(email, phone) is null then
    return private.refusal(400, 'MISSING_FIELDS', 'is required, or phone', 'email');
  end if;
  if not private.is_name(first_name) then
    return private.refusal(400, 'VALIDATION_ERROR', 'must be a name', 'first_name');
  end if;
  if not private.is_name(last_name) then
    return private.refusal(400, 'VALIDATION_ERROR', 'must be a name', 'last_name');
  end if;
  if not private.is_email(email) then
    return private.refusal(400, 'VALIDATION_ERROR', 'must be an email address', 'email');
  end if;
  if category is not null and cardinality(settings.referral_categories) > 0
    and category <> all (settings.referral_categories)
  then
    return private.refusal(400, 'VALIDATION_ERROR', 'must be one of the categories', 'category');
  end if;
  select * into referrer from public.crm_contacts where id = request.contact_id;
  if private.email_key(referrer.email) = private.email_key(email) then
    return private.refusal(409, 'CONFLICT', 'These are your own details: please enter those of a friend.', 'email');
  end if;
  if email is null and referrer.phone = phone and private.folded(referrer.first_name) = private.folded(first_name) then
    return private.refusal(409, 'CONFLICT', 'These are your own details: please enter those of a friend.', 'phone');
  end if;

  friend := private.contact_for(request.company_id, first_name, last_name, email, phone);
  -- Two forms of one referrer may name one friend at once, the one by email and the other by phone.
  perform pg_advisory_xact_lock(hashtextextended(request.contact_id::text || friend, 0));
  select * into made
  from public.referrals
  where referrer_contact_id = request.contact_id
    and company_id = request.company_id
    and referred_contact_id = friend
    and status <> 'declined'
  order by created_at, id
  limit 1;
  already_referred := found;
  if not already_referred then
    insert into public.referrals (
      company_id, referrer_contact_id, referred_contact_id, referred_deal_id, source, category, notes
    )
    values (
      request.company_id, request.contact_id, friend, private.open_referred_deal(request.company_id, friend), 'form',
      category, message
    )
    returning * into made;
  end if;
  update public.referral_requests
  set submitted_at = now(), consented_at = now(), viewed_at = coalesce(viewed_at, now()), referral_id = made.id,
    submission = jsonb_build_object(
      'first_name', first_name, 'last_name', last_name, 'email', email, 'phone', phone, 'category', category,
      'message', message
    )
  where id = request.id;
  return jsonb_build_object('submitted_at', now(), 'already_referred', already_referred);
end
$$;
grant execute on function private.submit_referral(text, text, text, text, text, text, text, boolean) to anon;

create function public.submit_referral(
  token text,
  first_name text,
  last_name text default null,
  email text default null,
  phone text default null,
  category text default null,
  message text default null,
  consent boolean default false
)
returns jsonb
language sql set search_path = ''
as $$ select private.submit_referral(token, first_name, last_name, email, phone, category, message, consent) $$;
grant execute on function public.submit_referral(text, text, text, text, text, text, text, boolean) to anon;
