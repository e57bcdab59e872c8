-- How often a form may be sent from one address in an hour, whichever way it comes.

-- One row. The header in which the platform tells a caller's address to who goes to `/rest/v1` (`cf-connecting-ip`, `x-real-ip`;
-- of a list, as `x-forwarded-for`, the last counts): null until the operator knows it.
create table private.form_limits (
  singleton boolean primary key default true check (singleton),
  client_address_header text check (client_address_header ~ '^[a-z0-9-]+$'),
  tries_per_hour integer not null default 1000 check (tries_per_hour > 0),
  -- of all whose address is not known, together
  tries_of_unknown integer not null default 20000 check (tries_of_unknown > 0)
);

create unlogged table private.form_addresses (
  address text primary key,
  tries integer not null,
  since timestamptz not null
);

create index form_addresses_since on private.form_addresses (since);

-- What an address counts as: itself, or of IPv6 its network, since one subscriber has 2^64 of them. Null for what is none.
create function private.address_group(address text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  given inet;
begin
  given := address::inet;
  if family(given) = 4 then
    return host(given);
  elsif given <<= inet '::ffff:0:0/96' then
    return host(inet '0.0.0.0' + (given - inet '::ffff:0:0'));
  end if;
  return network(set_masklen(given, 64))::text;
exception when others then
  return null;
end
$$;

-- The key that the function signs with what it knows of a caller: to the database all its calls come from one address.
create function private.form_address_key()
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select encode(extensions.hmac('form addresses', decrypted_secret, 'sha256'), 'hex')
  from vault.decrypted_secrets
  where name = 'referrals_dispatch_key'
$$;
grant execute on function private.form_address_key() to service_role;

create function public.form_address_key() returns text
language sql stable set search_path = ''
as $$ select private.form_address_key() $$;
grant execute on function public.form_address_key() to service_role;

-- Counts one try of whoever sends a form; gives the seconds to wait when they have none left, else 0. `X-Client-Address` is
-- `<address group> <tries an hour>`, signed by the function; without it the platform's own header counts, if it is known.
create function private.count_form_try()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  headers constant jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
  told constant text := headers ->> 'x-client-address';
  limits private.form_limits;
  address text;
  most integer;
  counted private.form_addresses;
begin
  select * into limits from private.form_limits;
  if sha256(convert_to(headers ->> 'x-client-address-signature', 'UTF8'))
    = sha256(convert_to(encode(extensions.hmac(told, private.form_address_key(), 'sha256'), 'hex'), 'UTF8'))
  then
    address := split_part(told, ' ', 1);
    most := split_part(told, ' ', 2)::integer;
  else
    address := private.address_group(
      btrim(substring(headers ->> limits.client_address_header from '[^,]*$'))
    );
    most := case when address is null then coalesce(limits.tries_of_unknown, 20000)
      else coalesce(limits.tries_per_hour, 1000) end;
  end if;

  delete from private.form_addresses where form_addresses.address in (
    select old.address from private.form_addresses as old
    where old.since <= now() - interval '1 hour'
    order by old.since
    limit 10
    for update skip locked
  );
  insert into private.form_addresses as known (address, tries, since)
  values (coalesce(address, 'unknown'), 1, now())
  on conflict on constraint form_addresses_pkey do update
    set tries = case when known.since <= now() - interval '1 hour' then 1 else known.tries + 1 end,
      since = case when known.since <= now() - interval '1 hour' then now() else known.since end
  returning * into counted;
  if counted.tries <= most then
    return 0;
  end if;
  return ceil(extract(epoch from counted.since + interval '1 hour' - now()));
end
$$;
