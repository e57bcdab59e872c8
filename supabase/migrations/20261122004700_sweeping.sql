-- What pg_cron does: it wakes the dispatcher for what is still due, removes what is old and done, and writes which requests
-- have expired.

-- Wakes the dispatcher when something is due: for what a lost wake-up or a killed dispatcher left, and for retries.
create function private.sweep()
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from private.events where fanned_out_at is null)
    or exists (select from public.automation_runs where due_at <= now())
    or exists (select from private.subscriptions_due('{}'))
  then
    perform private.wake_dispatcher();
  end if;
end
$$;

-- Removes what has been kept long enough and is done, secrets that expired, and what pg_cron, which keeps it for ever, has
-- noted of our jobs before yesterday.
create function private.clean_up()
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.webhook_deliveries where created_at < now() - private.retention() and (
    due_at is null
    or not exists (select from public.webhook_subscriptions where id = subscription_id and enabled)
  );
  delete from public.automation_runs where created_at < now() - private.retention() and due_at is null;
  delete from private.events
  where occurred_at < now() - private.retention()
    and fanned_out_at is not null
    and not exists (select from public.webhook_deliveries where event_id = events.id and due_at is not null)
    and not exists (select from public.automation_runs where event_id = events.id);
  delete from private.webhook_secrets where expires_at < now();
  perform private.clean_up_audit_log();
  perform private.clean_up_job_notes();
end
$$;

create function private.clean_up_job_notes()
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from cron.job_run_details
  where start_time < now() - interval '1 day'
    and jobid in (select job.jobid from cron.job where job.jobname like 'referrals %');
exception when others then
  raise warning 'The notes of the jobs were not cleaned up: %', sqlerrm;
end
$$;

-- The sweep every 5 seconds, or every minute where pg_cron is older than 1.5.
do $$
begin
  if to_regprocedure('cron.schedule(text, text, text)') is null then
    raise warning 'This server has no pg_cron: nothing will sweep for what a lost wake-up leaves.';
    return;
  end if;
  begin
    perform cron.schedule('referrals sweep', '5 seconds', 'select private.sweep()');
  exception when others then
    perform cron.schedule('referrals sweep', '* * * * *', 'select private.sweep()');
  end;
  perform cron.schedule('referrals clean-up', '17 3 * * *', 'select private.clean_up()');
  perform cron.schedule('referrals expiry', '* * * * *', 'select private.write_expired_requests()');
end
$$;
