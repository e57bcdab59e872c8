-- How many mails leave a workspace in a day (UTC), in all and to one person, whatever sends them.

create table private.mail_days (
  company_id uuid not null references public.companies on delete cascade,
  day date not null,
  mails integer not null,
  primary key (company_id, day)
);

-- The mails that were counted, by the key under which the provider takes each once. Whose they are is kept as a hash only.
create table private.counted_mails (
  company_id uuid not null references public.companies on delete cascade,
  mail_key text not null,
  recipient_hash bytea not null,
  day date not null,
  primary key (company_id, mail_key)
);

create index counted_mails_recipient on private.counted_mails (company_id, recipient_hash, day);
create index counted_mails_day on private.counted_mails (company_id, day);

-- Counts one mail to `address`; the same key again counts once, for a retry is the same mail. Raises 429 when the workspace's
-- day is spent, or five mails of it have gone to this address.
create function private.take_mail(workspace uuid, address text, mail_key text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  today constant date := (now() at time zone 'UTC')::date;
  recipient constant bytea := sha256(convert_to(private.email_key(btrim(address)), 'UTF8'));
  until_tomorrow constant integer := ceil(extract(epoch from ((today + 1)::timestamp at time zone 'UTC') - now()));
  is_first boolean;
begin
  -- One at a time of a workspace, each seeing what the one before it counted.
  perform pg_advisory_xact_lock(hashtextextended('mails of ' || workspace, 0));
  if exists (
    select from private.counted_mails
    where counted_mails.company_id = workspace and counted_mails.mail_key = take_mail.mail_key
  ) then
    return;
  end if;
  if (
    select count(*) from private.counted_mails
    where counted_mails.company_id = workspace and recipient_hash = recipient and counted_mails.day = today
  ) >= 5 then
    perform private.refuse(
      429,
      'RATE_LIMITED',
      'Five mails were sent to this address today: no more until midnight UTC.',
      details => 'mails_per_recipient',
      retry_after => until_tomorrow
    );
  end if;

  insert into private.mail_days (company_id, day, mails)
  values (workspace, today, 1)
  on conflict (company_id, day) do update set mails = mail_days.mails + 1
    where mail_days.mails < private.limit_of(workspace, 'mails_per_day')
  returning mails = 1 into is_first;
  if not found then
    perform private.refuse(
      429,
      'RATE_LIMITED',
      'Your workspace has sent all its mails of today: no more until midnight UTC.',
      details => 'mails_per_day',
      retry_after => until_tomorrow
    );
  end if;
  insert into private.counted_mails (company_id, mail_key, recipient_hash, day)
  values (workspace, take_mail.mail_key, recipient, today);

  -- A retry comes within minutes; a week is more than enough.
  if is_first then
    delete from private.counted_mails where counted_mails.company_id = workspace and counted_mails.day < today - 7;
    delete from private.mail_days where mail_days.company_id = workspace and mail_days.day < today - 7;
  end if;
end
$$;
