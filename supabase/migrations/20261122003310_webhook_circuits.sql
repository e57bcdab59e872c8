-- Hosts that fail a workspace, so that they do not take up its sendings: after five failures in a row a host's circuit is open
-- and nothing is sent there, for 30 seconds at first, twice as long each time that one sending, the probe, fails again. A
-- workspace's failures are its own: another's webhooks to the same host go on.

create table private.webhook_circuits (
  company_id uuid not null references public.companies on delete cascade,
  host text not null,
  -- in a row
  failures integer not null,
  openings integer not null default 0,
  -- null while it is closed; once it has passed, or the probe was lost, one delivery may try
  open_until timestamptz(3),
  probe uuid,
  primary key (company_id, host)
);

create function private.max_host_failures() returns integer
language sql immutable set search_path = ''
as $$ select 5 $$;

-- How long a circuit stays open that has been opened so often before.
create function private.circuit_wait(openings integer) returns interval
language sql immutable set search_path = ''
as $$ select least(interval '30 seconds' * 2 ^ least(openings, 10), interval '10 minutes') $$;

-- Notes what became of sendings to hosts, `[{company_id, host, succeeded, failures, failed}]`: whether one was answered, how
-- many failed since, and the ids of those that failed.
create function private.note_hosts(verdicts jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform from private.webhook_circuits as circuit
  join jsonb_to_recordset(verdicts) as verdict (company_id uuid, host text) using (company_id, host)
  order by company_id, host
  for update of circuit;

  delete from private.webhook_circuits as circuit
  using jsonb_to_recordset(verdicts) as verdict (company_id uuid, host text, succeeded boolean)
  where circuit.company_id = verdict.company_id and circuit.host = verdict.host and verdict.succeeded;

  insert into private.webhook_circuits as circuit (company_id, host, failures)
  select verdict.company_id, verdict.host, verdict.failures
  from jsonb_to_recordset(verdicts) as verdict (company_id uuid, host text, failures integer)
  join public.companies on companies.id = verdict.company_id
  where verdict.failures > 0
  order by verdict.company_id, verdict.host
  on conflict on constraint webhook_circuits_pkey do update set failures = circuit.failures + excluded.failures;

  update private.webhook_circuits as circuit
  set open_until = clock_timestamp() + private.circuit_wait(circuit.openings), openings = circuit.openings + 1, probe = null
  from jsonb_to_recordset(verdicts) as verdict (company_id uuid, host text, failed jsonb)
  where circuit.company_id = verdict.company_id
    and circuit.host = verdict.host
    and circuit.failures >= private.max_host_failures()
    and (circuit.open_until is null or circuit.open_until <= now() or verdict.failed ? circuit.probe::text);
end
$$;
