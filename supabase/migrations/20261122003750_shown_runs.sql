-- What a run shows of itself: to a key that may read runs, or that started it, and of what it told and did just what that key
-- may read anyway. Only the id of the given row counts: a caller can forge the rest of it.

-- Whether the calling key holds all of these scopes. Raises 401 for a dead key.
create function private.caller_holds(scopes text[])
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
  wanted text;
begin
  foreach wanted in array caller_holds.scopes loop
    if private.company_for(wanted) is null then
      return false;
    end if;
  end loop;
  return true;
end
$$;

-- What started a run; null for a key that may not be told of such events, but for those that it told itself.
create function private.run_trigger_data(run_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select private.trigger_data_of(run)
    from public.automation_runs as run
    where run.id = run_trigger_data.run_id
      and run.company_id = private.company_for('automations:read', 'automations:trigger')
      and (
        run.triggered_by = private.calling_key()
        or private.company_for('automations:read') is not null
          and private.caller_holds(private.scopes_to_hear(private.event_type_of(run)))
      )
  );
end
$$;
grant execute on function private.run_trigger_data(uuid) to api_key;

-- What the actions of a run did, with null for what the calling key may not read.
create function private.run_action_results(run_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      case when private.caller_holds(done.scopes) then done.result
        else done.result || '{"request": null, "response": null}' end
      order by done.recorded_at
    ), '[]')
    from public.automation_runs as run
    join private.action_results as done on done.run_id = run.id
    where run.id = run_action_results.run_id
      and run.company_id = private.company_for('automations:read', 'automations:trigger')
      and (run.triggered_by = private.calling_key() or private.company_for('automations:read') is not null)
  );
end
$$;
grant execute on function private.run_action_results(uuid) to api_key;

create function public.trigger_data(public.automation_runs) returns jsonb
language sql stable set search_path = ''
as $$ select private.run_trigger_data(($1).id) $$;
grant execute on function public.trigger_data(public.automation_runs) to api_key;

create function public.action_results(public.automation_runs) returns jsonb
language sql stable set search_path = ''
as $$ select private.run_action_results(($1).id) $$;
grant execute on function public.action_results(public.automation_runs) to api_key;
