-- How many requests a key may make, by the generic cell rate algorithm: a row says until when its holder has used up the rate, so
-- that nothing is counted and nothing forgotten. Asked for apart from the request's own transaction, whose lock on the row
-- would have a key's requests wait for each other.

create unlogged table private.request_budgets (
  key_id uuid primary key references public.api_keys on delete cascade,
  minute_at timestamptz not null,
  day_at timestamptz not null
);

-- How many requests a budget has room for now, and in how many seconds for one more than that (0: it is whole).
create function private.room(used_until timestamptz, instant timestamptz, step interval, most integer)
returns table (requests integer, next_in numeric)
language plpgsql
immutable
set search_path = ''
as $$
declare
  length constant numeric := extract(epoch from step);
  used constant numeric := greatest(extract(epoch from used_until - instant), 0);
begin
  requests := greatest(floor((most * length - used) / length), 0);
  next_in := greatest(used - (most - requests - 1) * length, 0);
  if requests >= most then
    next_in := 0;
  end if;
  return next;
end
$$;

-- Takes up to `count` requests of the calling key's budgets and, where it is metered and one was taken, `cost` credits. Gives
-- `{taken, limits, remaining, next_in, credits_remaining, charge}`: budgets by `minute` and `day`, `next_in` the seconds until
-- one request more than `remaining`, `charge` null where there was nothing to charge, or not enough. Raises 401 for a dead key.
create function private.take_requests(count integer, cost integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  key public.api_keys;
  budget private.request_budgets;
  instant timestamptz;
  minute_step interval;
  day_step interval;
  minute record;
  day record;
  taken integer;
  charge uuid;
begin
  perform private.company_for(variadic '{}');
  select * into key from public.api_keys where id = private.calling_key();
  minute_step := interval '1 minute' / key.requests_per_minute;
  day_step := interval '1 day' / key.requests_per_day;

  insert into private.request_budgets (key_id, minute_at, day_at) values (key.id, now(), now()) on conflict do nothing;
  select * into budget from private.request_budgets where key_id = key.id for update;
  -- The clock, once the row is ours: who waited for it began earlier.
  instant := clock_timestamp();
  select * into minute from private.room(budget.minute_at, instant, minute_step, key.requests_per_minute);
  select * into day from private.room(budget.day_at, instant, day_step, key.requests_per_day);
  taken := greatest(least(take_requests.count, minute.requests, day.requests), 0);
  if taken > 0 then
    update private.request_budgets
    set minute_at = greatest(budget.minute_at, instant) + taken * minute_step,
      day_at = greatest(budget.day_at, instant) + taken * day_step
    where key_id = key.id
    returning * into budget;
    select * into minute from private.room(budget.minute_at, instant, minute_step, key.requests_per_minute);
    select * into day from private.room(budget.day_at, instant, day_step, key.requests_per_day);
    if key.credits_per_month is not null and take_requests.cost > 0 then
      charge := private.charge_credits(key.id, take_requests.cost, key.credits_per_month);
    end if;
  end if;
  if key.last_used_at is null or key.last_used_at < now() - interval '1 minute' then
    update public.api_keys set last_used_at = now()
    where id = key.id and (last_used_at is null or last_used_at < now() - interval '1 minute');
  end if;

  return jsonb_build_object(
    'taken', taken,
    'limits', jsonb_build_object('minute', key.requests_per_minute, 'day', key.requests_per_day),
    'remaining', jsonb_build_object('minute', minute.requests, 'day', day.requests),
    'next_in', jsonb_build_object('minute', minute.next_in, 'day', day.next_in),
    'credits_remaining', case when key.credits_per_month is not null
      then greatest(key.credits_per_month - private.credits_used(key.id), 0) end,
    'charge', charge
  );
end
$$;
grant execute on function private.take_requests(integer, integer) to api_key;

create function public.take_requests(count integer default 1, cost integer default 0)
returns jsonb
language sql set search_path = ''
as $$ select private.take_requests(count, cost) $$;
grant execute on function public.take_requests(integer, integer) to api_key;
