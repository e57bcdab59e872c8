-- Runs that are due, in turns over the workspaces; those of one event by their priority.

-- How often a run may be taken without an end before it is suspected to be what ends the dispatcher.
create function private.suspect_claims() returns integer
language sql immutable set search_path = ''
as $$ select 3 $$;

-- How many runs of one workspace are under way at once.
create function private.max_runs_under_way() returns integer
language sql immutable set search_path = ''
as $$ select 4 $$;

-- The workspaces with runs that are due: steps from one to the next through the index, however many runs each has.
create function private.companies_with_runs_due()
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  with recursive waiting as (
    (select company_id from public.automation_runs where due_at is not null order by company_id limit 1)
    union all
    select (
      select next.company_id
      from public.automation_runs as next
      where next.due_at is not null and next.company_id > waiting.company_id
      order by next.company_id
      limit 1
    )
    from waiting
    where waiting.company_id is not null
  )
  select company_id
  from waiting
  where exists (
    select from public.automation_runs as run where run.company_id = waiting.company_id and run.due_at <= now()
  )
$$;

-- The first runs that are due, in turns over the workspaces; those of one event by their priority, and none of an event of
-- which some are under way. A suspect comes alone, when no other is due.
create function private.runs_due(most integer)
returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  with company as (
    select company_id, private.max_runs_under_way() - (
      select count(*)
      from (
        select from public.automation_runs as run
        where run.company_id = due.company_id and run.due_at > now() and run.due_at <= now() + private.dispatch_lease()
        limit private.max_runs_under_way()
      ) as under_way
    ) as free
    from private.companies_with_runs_due() as due (company_id)
  ), candidate as (
    select run.*
    from company,
    lateral (
      -- More than one event has: what one holds back does not hide the next.
      select id, company_id, automation_id, event_id, due_at, claims, company.free
      from public.automation_runs
      where company_id = company.company_id and due_at <= now()
      order by due_at, event_id
      limit 200
    ) as run
    where company.free > 0
  ), in_rounds as (
    select candidate.*, candidate.claims >= private.suspect_claims() as is_suspect, row_number() over (
      partition by candidate.company_id
      order by candidate.claims >= private.suspect_claims(), candidate.due_at, candidate.event_id,
        automations.priority desc, automations.created_at, automations.id
    ) as round
    from candidate
    join public.automations on automations.id = candidate.automation_id
    where not exists (
      select from public.automation_runs as other where other.event_id = candidate.event_id and other.due_at > now()
    )
  ), due as (
    select id, is_suspect, row_number() over (order by is_suspect, round, due_at) as place
    from in_rounds
    where round <= free
    order by place
    limit most
  )
  select due.id
  from due
  join due as first on first.place = 1
  where due.place = 1 or not (due.is_suspect or first.is_suspect)
$$;

-- Takes runs that are due; one that was taken twenty times without an end has failed. Gives `[{run_id, event_id, runs_alone}]`,
-- those of one event in their order.
create function private.claim_runs(most integer)
returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  taken uuid[];
begin
  if most <= 0 then
    return json '[]';
  end if;
  select array_agg(id) into taken
  from (
    select id
    from public.automation_runs
    where id in (select private.runs_due(most)) and due_at <= now()
    for update skip locked
  ) as due;

  update public.automation_runs
  set status = 'failed', due_at = null, completed_at = clock_timestamp(),
    error = 'It was given up after twenty tries that did not come to an end.'
  where id = any (taken) and claims >= 20;

  update public.automation_runs
  set due_at = now() + private.dispatch_lease(), claims = claims + 1
  where id = any (taken) and status = 'running';

  return (
    select coalesce(json_agg(
      json_build_object('run_id', run.id, 'event_id', run.event_id, 'runs_alone', run.claims > private.suspect_claims())
      order by run.created_at, run.event_id, automations.priority desc, automations.created_at, automations.id
    ), '[]')
    from public.automation_runs as run
    join public.automations on automations.id = run.automation_id
    where run.id = any (taken) and run.status = 'running'
  );
end
$$;
