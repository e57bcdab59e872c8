-- Runs that are due, those of one event by their priority.

-- How often a run may be taken without an end before it is suspected to be what ends the dispatcher.
create function private.suspect_claims() returns integer
language sql immutable set search_path = ''
as $$ select 3 $$;

-- The first runs that are due, those of one event by their priority, and none of an event of which some are under way. A
-- suspect comes alone.
create function private.runs_due(most integer)
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  with due as (
    select run.id, run.claims >= private.suspect_claims() as is_suspect, row_number() over (
      order by run.due_at, run.event_id, automations.priority desc, automations.created_at, automations.id
    ) as place
    from public.automation_runs as run
    join public.automations on automations.id = run.automation_id
    where run.due_at <= now()
      and not exists (
        select from public.automation_runs as other where other.event_id = run.event_id and other.due_at > now()
      )
    order by place
    limit most
  )
  select due.id
  from due
  join due as first on first.place = 1
  where due.place = 1 or not (due.is_suspect or first.is_suspect)
$$;

-- Takes runs that are due; one that was taken twenty times without an end has failed. Gives their jobs.
create function private.claim_runs(most integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  taken uuid[];
begin
  select array_agg(id) into taken
  from (
    select id
    from public.automation_runs
    where id in (select private.runs_due(most)) and due_at <= now()
    for update skip locked
  ) as due;

  perform private.finish_run(id, 'failed', 0, 'It was given up after twenty tries that did not come to an end.')
  from public.automation_runs
  where id = any (taken) and claims >= 20;

  update public.automation_runs
  set due_at = now() + private.dispatch_lease(), claims = claims + 1
  where id = any (taken) and status = 'running';

  return (
    select coalesce(jsonb_agg(
      private.run_job(run) || jsonb_build_object('runs_alone', run.claims > private.suspect_claims())
      order by run.created_at, run.event_id, automations.priority desc, automations.created_at, automations.id
    ), '[]')
    from public.automation_runs as run
    join public.automations on automations.id = run.automation_id
    where run.id = any (taken) and run.status = 'running'
  );
end
$$;
