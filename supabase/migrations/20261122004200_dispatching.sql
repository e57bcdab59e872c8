-- What the dispatcher asks of the outbox, as `service_role`: work claimed under a lease. The pages that follow say how.

-- How long who took a run or a delivery may work on it before somebody else does.
create function private.dispatch_lease() returns interval
language sql immutable set search_path = ''
as $$ select interval '60 seconds' $$;

-- One round of the dispatcher: fans out, then claims. Gives `{deliveries, runs, more}`, `more` when others are due already.
create function private.claim_work(most_deliveries integer, most_runs integer, busy uuid[])
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  fanned jsonb := private.fan_out(most_deliveries, most_deliveries, busy);
  taken uuid[] := array(select jsonb_array_elements_text(fanned -> 'claimed')::uuid);
  runs jsonb := private.claim_runs(most_runs);
begin
  if cardinality(taken) < most_deliveries then
    taken := taken || array(select private.claim_deliveries(most_deliveries - cardinality(taken), busy));
  end if;
  return json_build_object(
    'deliveries', private.delivery_jobs(taken),
    'runs', runs,
    'more', (fanned ->> 'events')::integer = most_deliveries
      or exists (select from private.subscriptions_due(busy))
      or most_runs > 0 and exists (select from private.runs_due(1))
  );
end
$$;
grant execute on function private.claim_work(integer, integer, uuid[]) to service_role;

create function public.claim_work(most_deliveries integer, most_runs integer, busy uuid[] default '{}') returns json
language sql set search_path = ''
as $$ select private.claim_work(most_deliveries, most_runs, busy) $$;
grant execute on function public.claim_work(integer, integer, uuid[]) to service_role;
