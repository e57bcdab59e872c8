-- An event wakes the dispatcher: a signed call to the API after the writer's commit.

-- The key that a wake-up is signed with; only the database knows it, and the database checks it.
select vault.create_secret(encode(extensions.gen_random_bytes(32), 'hex'), 'referrals_dispatch_key')
where not exists (select from vault.secrets where name = 'referrals_dispatch_key');

create function private.wake_up_signature(issued_at bigint)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select encode(extensions.hmac('wake-up.' || issued_at, decrypted_secret, 'sha256'), 'hex')
  from vault.decrypted_secrets
  where name = 'referrals_dispatch_key'
$$;

-- Asks pg_net to call the dispatcher after commit, unless such a call is waiting or Vault has no `referrals_dispatch_url`.
-- pg_net shows a call as waiting until it is answered: the dispatcher answers at once, and looks again before it ends. One
-- that has waited for ten seconds is lost, since pg_net's worker sleeps on when it missed its wake: another call wakes it. The
-- queue is everybody's, and may be long: the newest rows only are looked at.
-- pg_net keeps headers in clear text: they carry a signature that holds for five minutes. What goes wrong here is the
-- sweep's to mend, never the writer's to suffer.
create function private.wake_dispatcher()
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  dispatcher text;
  issued_at bigint := extract(epoch from clock_timestamp());
begin
  if exists (
    select from (select url, headers from net.http_request_queue order by id desc limit 100) as newest
    where url like '%/internal/dispatch'
      and case when headers ->> 'X-Dispatch-Time' ~ '^[0-9]{1,12}$'
        then (headers ->> 'X-Dispatch-Time')::bigint > issued_at - 10
        else false end
  ) then
    return;
  end if;
  select decrypted_secret into dispatcher from vault.decrypted_secrets where name = 'referrals_dispatch_url';
  if dispatcher is not null then
    perform net.http_post(
      url => dispatcher,
      headers => jsonb_build_object(
        'Content-Type', 'application/json',
        'X-Dispatch-Time', issued_at::text,
        'X-Dispatch-Signature', private.wake_up_signature(issued_at)
      ),
      timeout_milliseconds => 2000
    );
  end if;
exception when others then
  raise warning 'The dispatcher was not woken: %', sqlerrm;
end
$$;

grant execute on function private.wake_dispatcher() to service_role;

-- For a dispatcher that has to end before its work does.
create function public.wake_dispatcher() returns void
language sql set search_path = ''
as $$ select private.wake_dispatcher() $$;
grant execute on function public.wake_dispatcher() to service_role;

create function private.wake_dispatcher_for_events()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from new_rows) then
    perform private.wake_dispatcher();
  end if;
  return null;
end
$$;

create trigger events_wake_dispatcher after insert on private.events
  referencing new table as new_rows
  for each statement execute function private.wake_dispatcher_for_events();

-- Whether a wake-up was signed here within the last five minutes.
create function private.accept_wake_up(issued_at bigint, signature text)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(
    abs(extract(epoch from clock_timestamp()) - issued_at) <= 300
      -- Hashed, so that the time of the comparison tells nothing.
      and sha256(convert_to(signature, 'UTF8')) = sha256(convert_to(private.wake_up_signature(issued_at), 'UTF8')),
    false
  )
$$;
grant execute on function private.accept_wake_up(bigint, text) to service_role;

create function public.accept_wake_up(issued_at bigint, signature text) returns boolean
language sql stable set search_path = ''
as $$ select private.accept_wake_up(issued_at, signature) $$;
grant execute on function public.accept_wake_up(bigint, text) to service_role;
