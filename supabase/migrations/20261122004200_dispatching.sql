-- What the dispatcher asks of the outbox, as `service_role`: work claimed under a lease, in turns over the workspaces. What is
-- claimed is named only; it is read in a second call, where what cannot be read undoes nobody's claim. The pages that follow
-- say how.

-- How long who took a run or a delivery may work on it before somebody else does: longer than the dispatcher lets a delivery
-- wait, sends it, and keeps its outcome while the database is away.
create function private.dispatch_lease() returns interval
language sql immutable set search_path = ''
as $$ select interval '90 seconds' $$;

-- One round of the dispatcher: fans out, then claims, no deliveries to those subscriptions and workspaces that are `busy`. Gives
-- `{deliveries: [{id, subscription_id, company_id, host, tries}], runs: [{run_id, event_id, runs_alone}], more}`, `more` when others
-- are due already.
create function private.claim_work(most_deliveries integer, most_runs integer, busy uuid[])
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  fanned jsonb := private.fan_out(most_deliveries, most_deliveries, busy);
  taken uuid[] := array(select jsonb_array_elements_text(fanned -> 'claimed')::uuid);
  runs json := private.claim_runs(most_runs);
begin
  if cardinality(taken) < most_deliveries then
    taken := taken || array(select private.claim_deliveries(most_deliveries - cardinality(taken), busy));
  end if;
  return json_build_object(
    'deliveries', (
      select coalesce(json_agg(json_build_object(
        'id', delivery.id,
        'subscription_id', delivery.subscription_id,
        'company_id', delivery.company_id,
        'host', subscription.host,
        'tries', delivery.attempt_count
      ) order by place), '[]')
      from unnest(taken) with ordinality as claimed (id, place)
      join public.webhook_deliveries as delivery using (id)
      join public.webhook_subscriptions as subscription on subscription.id = delivery.subscription_id
    ),
    'runs', runs,
    'more', (fanned ->> 'more')::boolean
      or exists (select from private.webhooks_due(busy))
      or most_runs > 0 and exists (select from private.runs_due(1))
  );
end
$$;
grant execute on function private.claim_work(integer, integer, uuid[]) to service_role;

create function public.claim_work(most_deliveries integer, most_runs integer, busy uuid[] default '{}') returns json
language sql set search_path = ''
as $$ select private.claim_work(most_deliveries, most_runs, busy) $$;
grant execute on function public.claim_work(integer, integer, uuid[]) to service_role;
