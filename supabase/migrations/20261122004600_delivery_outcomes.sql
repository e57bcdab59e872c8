-- What came of a delivery: delivered, tried again later, given up; and what that means for its subscription.

-- How long to wait after so many tries, before jitter: ten tries over 75 hours; null after the last.
create function private.retry_wait(tries integer) returns interval
language sql immutable set search_path = ''
as $$ select (array['5 s', '5 min', '30 min', '2 h', '5 h', '10 h', '14 h', '20 h', '24 h']::interval[])[tries] $$;

-- How long every delivery to a subscription may fail before it is disabled.
create function private.webhook_patience() returns interval
language sql immutable set search_path = ''
as $$ select interval '5 days' $$;

-- Records outcomes, in the order in which they came: `[{id, tries, status, body, error, retry_after, duration_ms, is_ours}]`,
-- `status` that of the HTTP answer, null without one, `retry_after` in seconds, `is_ours` when a failure says nothing of the
-- host. No answer, or 5xx, counts for the host's circuit. Anything but 2xx is tried again later; 410, or too long without a success, disables the
-- subscription and says so in its row. A delivery that was recorded as delivered stays so, and a failure is recorded once:
-- only as long as no more than `tries` were before it.
create function private.record_deliveries(outcomes jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  verdicts jsonb;
begin
  -- In one order, so that two dispatchers wait for each other instead of locking each other out.
  perform from public.webhook_deliveries as delivery
  join jsonb_to_recordset(outcomes) as outcome (id uuid) using (id)
  order by delivery.id
  for update of delivery;
  perform from public.webhook_subscriptions
  where id in (
    select subscription_id
    from public.webhook_deliveries as delivery
    join jsonb_to_recordset(outcomes) as outcome (id uuid, status integer) using (id)
    join public.webhook_subscriptions as subscription on subscription.id = delivery.subscription_id
    where (subscription.failing_since is null) <> coalesce(outcome.status between 200 and 299, false)
      or outcome.status = 410
      or subscription.failing_since < now() - private.webhook_patience()
  )
  order by id
  for no key update;

  with outcome as (
    select outcome.*, coalesce(outcome.status between 200 and 299, false) as succeeded,
      case when outcome.is_ours then null else coalesce(outcome.status < 500, false) end as is_answered
    from rows from (
      jsonb_to_recordset(outcomes)
      as (
        id uuid, tries integer, status integer, body text, error text, retry_after integer, duration_ms integer,
        is_ours boolean
      )
    ) with ordinality as outcome (id, tries, status, body, error, retry_after, duration_ms, is_ours, place)
  ), recorded as (
    update public.webhook_deliveries as delivery
    set attempt_count = delivery.attempt_count + 1,
      last_attempt_at = clock_timestamp(),
      response_status = outcome.status,
      response_body = outcome.body,
      error = outcome.error,
      duration_ms = outcome.duration_ms,
      -- The first goes when there are 50, which replays alone come to.
      attempts = case when jsonb_array_length(delivery.attempts) >= 50 then delivery.attempts - 0 else delivery.attempts end
        || jsonb_build_array(jsonb_build_object(
          'attempted_at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'response_status', outcome.status,
          'error', outcome.error,
          'duration_ms', outcome.duration_ms
        )),
      status = case
        when outcome.succeeded then 'delivered'
        when outcome.status = 410 or private.retry_wait(delivery.attempt_count + 1) is null then 'failed'
        else 'pending'
      end,
      under_way = false,
      delivered_at = case when outcome.succeeded then clock_timestamp() end,
      due_at = case
        when outcome.succeeded or outcome.status = 410 or private.retry_wait(delivery.attempt_count + 1) is null then null
        else clock_timestamp() + greatest(
          private.retry_wait(delivery.attempt_count + 1) * (1 + random() * 0.2),
          case when outcome.retry_after > 0 then make_interval(secs => least(outcome.retry_after, 86400)) end
        )
      end
    from outcome
    where delivery.id = outcome.id
      and delivery.status = 'pending'
      and (outcome.succeeded or delivery.attempt_count = outcome.tries)
    returning delivery.id, delivery.subscription_id, outcome.succeeded, coalesce(outcome.status = 410, false) as gone,
      outcome.is_answered, outcome.place
  ), of_host as (
    select recorded.*, subscription.company_id, subscription.host,
      max(recorded.place) filter (where recorded.is_answered) over (
        partition by subscription.company_id, subscription.host
      ) as answered_last
    from recorded
    join public.webhook_subscriptions as subscription on subscription.id = recorded.subscription_id
    where recorded.is_answered is not null
  ), of_hosts as (
    select company_id, host, bool_or(is_answered) as succeeded,
      count(*) filter (where not is_answered and place > coalesce(answered_last, 0)) as failures,
      jsonb_agg(id) filter (where not is_answered) as failed
    from of_host
    group by company_id, host
  ), verdict as (
    select subscription_id, bool_or(succeeded) as succeeded, bool_or(gone) as gone
    from recorded
    group by subscription_id
  ), judged as (
    update public.webhook_subscriptions as subscription
    set failing_since = case when verdict.succeeded then null else coalesce(subscription.failing_since, clock_timestamp()) end,
      enabled = subscription.enabled and not verdict.gone
        and (verdict.succeeded or coalesce(subscription.failing_since >= now() - private.webhook_patience(), true)),
      disabled_reason = case
        when not subscription.enabled then subscription.disabled_reason
        when verdict.gone then 'It answered 410 Gone.'
        when not verdict.succeeded and subscription.failing_since < now() - private.webhook_patience()
          then 'Every delivery has failed for five days.'
      end
    from verdict
    where subscription.id = verdict.subscription_id
      and ((subscription.failing_since is null) <> verdict.succeeded or verdict.gone
        or subscription.failing_since < now() - private.webhook_patience())
  )
  select jsonb_agg(to_jsonb(of_hosts)) into verdicts
  from of_hosts
  where failures > 0
    or exists (
      select from private.webhook_circuits as circuit
      where circuit.company_id = of_hosts.company_id and circuit.host = of_hosts.host
    );
  if verdicts is not null then
    perform private.note_hosts(verdicts);
  end if;
end
$$;
grant execute on function private.record_deliveries(jsonb) to service_role;

create function public.record_deliveries(outcomes jsonb) returns void
language sql set search_path = ''
as $$ select private.record_deliveries(outcomes) $$;
grant execute on function public.record_deliveries(jsonb) to service_role;
