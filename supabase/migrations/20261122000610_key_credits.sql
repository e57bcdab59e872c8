-- What a metered key spends: a credit a write, ten more for a mail, by the calendar month in UTC.

create table private.key_credits (
  key_id uuid not null references public.api_keys on delete cascade,
  month date not null,
  used integer not null check (used >= 0),
  primary key (key_id, month)
);

-- What was charged for a call under way: who holds the id, which no caller is told, can have it given back, once.
create table private.credit_charges (
  id uuid primary key default gen_random_uuid(),
  key_id uuid not null references public.api_keys on delete cascade,
  month date not null,
  cost integer not null check (cost > 0),
  charged_at timestamptz not null default now()
);

create index credit_charges_key on private.credit_charges (key_id, charged_at);

create function private.credits_used(of_key uuid)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce(
    (
      select used from private.key_credits
      where key_id = of_key and month = date_trunc('month', now() at time zone 'UTC')::date
    ),
    0
  );
end
$$;

-- Charges a metered key; gives the charge's id, or null when it has not so many credits left.
create function private.charge_credits(of_key uuid, cost integer, credits_per_month integer)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  this_month constant date := date_trunc('month', now() at time zone 'UTC')::date;
  charge uuid;
begin
  insert into private.key_credits (key_id, month, used) values (of_key, this_month, 0) on conflict do nothing;
  update private.key_credits set used = used + cost
  where key_id = of_key and month = this_month and used + cost <= credits_per_month;
  if not found then
    return null;
  end if;
  -- By then its call has long been answered, and it stands.
  delete from private.credit_charges where key_id = of_key and charged_at < now() - interval '10 minutes';
  insert into private.credit_charges (key_id, month, cost) values (of_key, this_month, charge_credits.cost)
  returning id into charge;
  return charge;
end
$$;

-- Gives back what a call was charged that did not succeed.
create function private.give_back_credits(charge uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  charged private.credit_charges;
begin
  delete from private.credit_charges where id = charge and key_id = private.calling_key() returning * into charged;
  update private.key_credits set used = used - charged.cost
  where key_id = charged.key_id and month = charged.month;
end
$$;
grant execute on function private.give_back_credits(uuid) to api_key;

create function public.give_back_credits(charge uuid) returns void
language sql set search_path = ''
as $$ select private.give_back_credits(charge) $$;
grant execute on function public.give_back_credits(uuid) to api_key;
