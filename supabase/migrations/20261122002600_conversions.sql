-- Converting a referral thanks the referrer once: who comes first claims the mail, the others wait for its outcome.

create table private.thank_yous (
  referral_id uuid primary key references public.referrals on delete cascade,
  attempt integer not null default 1,
  -- null while a mail is under way
  sent boolean,
  email_id text,
  error text,
  claimed_at timestamptz(3) not null default clock_timestamp()
);

-- How long a claim without an outcome holds: longer than a mail's deadline with its retry.
create function private.thank_you_lease() returns interval
language sql immutable set search_path = ''
as $$ select interval '30 seconds' $$;

create function private.thank_you(thanks private.thank_yous)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('attempt', thanks.attempt, 'sent', thanks.sent, 'error', thanks.error)
$$;

create function private.thank_you_mail(referral_id uuid)
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

-- Takes the thank-you mail of a claim from the workspace's budget, where there is an address. Beyond it the claim has failed,
-- and the conversion stands.
create function private.take_thank_you_mail(thanks private.thank_yous)
returns private.thank_yous
language plpgsql
set search_path = ''
as $$
begin
  perform private.take_mail(referrals.company_id, email, 'referral-thank-you/' || referrals.id)
  from public.referrals
  join public.crm_contacts on crm_contacts.id = referrals.referrer_contact_id
  where referrals.id = thanks.referral_id and email is not null;
  return thanks;
exception when sqlstate 'PGRST' then
  update private.thank_yous
  set sent = false, error = sqlerrm::jsonb ->> 'message'
  where thank_yous.referral_id = thanks.referral_id
  returning * into thanks;
  return thanks;
end
$$;

-- Marks a referral converted and claims its thank-you mail when nobody has. Gives `{"referral", "attempt", "sent", "error",
-- "mail"}`: `mail` (what it says) only for the caller who is to send it, `sent` null while somebody else does. Raises 404, and
-- 409 for a declined referral.
create function private.convert_referral(referral_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('referrals:write');
  referral public.referrals;
  thanks private.thank_yous;
  mine boolean := false;
begin
  select * into referral
  from public.referrals
  where id = convert_referral.referral_id and company_id = workspace
  for update;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  if referral.status = 'declined' then
    perform private.refuse(
      409, 'CONFLICT', 'This referral was declined: change its status before you convert it.'
    );
  end if;
  if referral.status <> 'converted' then
    update public.referrals set status = 'converted' where id = referral.id returning * into referral;
  end if;

  select * into thanks from private.thank_yous where thank_yous.referral_id = referral.id;
  if not found then
    insert into private.thank_yous (referral_id) values (referral.id) returning * into thanks;
    mine := true;
  elsif thanks.sent is false or (thanks.sent is null and thanks.claimed_at < clock_timestamp() - private.thank_you_lease())
  then
    update private.thank_yous
    set attempt = attempt + 1, sent = null, error = null, claimed_at = clock_timestamp()
    where thank_yous.referral_id = referral.id
    returning * into thanks;
    mine := true;
  end if;
  if mine then
    thanks := private.take_thank_you_mail(thanks);
    mine := thanks.sent is null;
  end if;
  return private.thank_you(thanks) || jsonb_build_object(
    'referral', to_jsonb(referral),
    'mail', case when mine then private.thank_you_mail(referral.id) end
  );
end
$$;
grant execute on function private.convert_referral(uuid) to api_key;

create function public.convert_referral(referral_id uuid) returns jsonb
language sql set search_path = ''
as $$ select private.convert_referral(referral_id) $$;
grant execute on function public.convert_referral(uuid) to api_key;

-- What became of a thank-you mail: `{"attempt", "sent", "error"}`, `sent` null while it is under way, null without one.
create function private.thank_you_outcome(referral_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select private.thank_you(thank_yous)
  from private.thank_yous
  join public.referrals on referrals.id = thank_yous.referral_id
  where thank_yous.referral_id = thank_you_outcome.referral_id
    and referrals.company_id = private.require_company('referrals:write')
$$;
grant execute on function private.thank_you_outcome(uuid) to api_key;

create function public.thank_you_outcome(referral_id uuid) returns jsonb
language sql stable set search_path = ''
as $$ select private.thank_you_outcome(referral_id) $$;
grant execute on function public.thank_you_outcome(uuid) to api_key;

-- Records the outcome of the attempt that the caller claimed; one that was taken over meanwhile is left alone.
create function private.record_thank_you(referral_id uuid, attempt integer, email_id text, error text)
returns void
language sql
security definer
set search_path = ''
as $$
  update private.thank_yous
  set sent = record_thank_you.error is null, email_id = record_thank_you.email_id, error = record_thank_you.error
  from public.referrals
  where thank_yous.referral_id = record_thank_you.referral_id
    and thank_yous.attempt = record_thank_you.attempt
    and thank_yous.sent is null
    and referrals.id = thank_yous.referral_id
    and referrals.company_id = private.require_company('referrals:write')
$$;
grant execute on function private.record_thank_you(uuid, integer, text, text) to api_key;

create function public.record_thank_you(
  referral_id uuid,
  attempt integer,
  email_id text default null,
  error text default null
)
returns void
language sql set search_path = ''
as $$ select private.record_thank_you(referral_id, attempt, email_id, error) $$;
grant execute on function public.record_thank_you(uuid, integer, text, text) to api_key;
