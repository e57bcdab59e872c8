-- What has become of a request: sent, viewed, submitted, expired. An index knows no clock, so the status is kept as of the
-- last write, with when it lapses by itself, and a job writes those that have lapsed. What reads it asks the clock too, and
-- depends on no job.

-- `sent -> viewed -> submitted`; `expired` by the clock, or by withdrawal, which brings `expires_at` forward.
create function public.status(request public.referral_requests)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when (request).submitted_at is not null then 'submitted'
    when (request).expires_at <= now() then 'expired'
    when (request).viewed_at is not null then 'viewed'
    else 'sent'
  end
$$;
grant execute on function public.status(public.referral_requests) to api_key;

create function private.write_request_status()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- A withdrawal's date may have been rounded up, into the future.
  new.written_status := case
    when new.withdrawn_at is not null and new.submitted_at is null then 'expired'
    else public.status(new)
  end;
  new.lapses_at := case when new.written_status in ('sent', 'viewed') then new.expires_at end;
  return new;
end
$$;

create trigger referral_requests_write_status before insert or update on public.referral_requests
  for each row execute function private.write_request_status();

create function private.write_expired_requests()
returns void
language sql
security definer
set search_path = ''
as $$
  update public.referral_requests set written_status = 'expired'
  where id in (
    select id from public.referral_requests
    where lapses_at <= now()
    for update skip locked
  )
$$;

-- Each half in the list's order, so that they are merged and nothing is sorted.
create view public.expired_requests with (security_invoker = true) as
select *, 'expired'::text as status, now()::timestamptz(3) as listed_at
from (
  (
    select id, company_id, contact_id, deal_id, recipient_email, recipient_name, sent_at, viewed_at, submitted_at, referral_id,
      submission, expires_at, delivery, email_error, created_at, updated_at
    from public.referral_requests
    where written_status = 'expired'
    order by created_at desc, id desc
  )
  union all
  (
    select id, company_id, contact_id, deal_id, recipient_email, recipient_name, sent_at, viewed_at, submitted_at, referral_id,
      submission, expires_at, delivery, email_error, created_at, updated_at
    from public.referral_requests
    where lapses_at <= now()
    order by created_at desc, id desc
  )
) as expired;

grant select on public.expired_requests to api_key;

create trigger expired_requests_refuse_write instead of insert or update or delete on public.expired_requests
  for each row execute function private.refuse_write();
