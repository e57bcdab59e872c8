-- Runs that a caller starts, and looks at afterwards.

-- Starts a run of the caller's automation, enabled or not, with this `trigger_data`, where what is not given is null, as in any
-- other run's; gives its id. The caller is to work on it; when that fails, the dispatcher does. Its event says that a key did it,
-- so that nobody can sign what did not happen. Raises 404.
create function private.start_automation_run(automation_id uuid, trigger_data jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('automations:trigger');
  automation public.automations;
  run public.automation_runs;
begin
  if jsonb_typeof(start_automation_run.trigger_data) is distinct from 'object'
    or octet_length(start_automation_run.trigger_data::text) > 65536
  then
    perform private.refuse(
      400, 'VALIDATION_ERROR', 'trigger_data must be an object of at most 64 kB.', details => 'trigger_data'
    );
  end if;
  select * into automation
  from public.automations
  where id = start_automation_run.automation_id and company_id = workspace;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  insert into public.automation_runs (company_id, automation_id, event_id, trigger_type, triggered_by, due_at, claims)
  values (
    workspace, automation.id, gen_random_uuid(), 'api', private.calling_key(), now() + private.dispatch_lease(), 1
  )
  returning * into run;
  insert into private.events (id, company_id, type, data, fanned_out_at)
  values (run.event_id, workspace, 'automation_triggered', jsonb_build_object(
    'automation_id', automation.id,
    'run_id', run.id,
    'api_key_id', private.calling_key(),
    'trigger_data', case automation.trigger_type
      when 'referral_attributed' then private.referral_data(null, null) || '{"operation": null, "previous": null}'
      when 'stage_changed' then
        '{"deal_id": null, "contact_id": null, "pipeline_id": null, "stage_id": null, "from_stage_id": null}'
    end || (start_automation_run.trigger_data - 'event_id' - 'occurred_at')
  ), now());
  return jsonb_build_object('run_id', run.id);
end
$$;
grant execute on function private.start_automation_run(uuid, jsonb) to api_key;

create function public.start_automation_run(automation_id uuid, trigger_data jsonb) returns jsonb
language sql set search_path = ''
as $$ select private.start_automation_run(automation_id, trigger_data) $$;
grant execute on function public.start_automation_run(uuid, jsonb) to api_key;

-- A run of the caller's, for a key that may start runs: one that it started, or any where it may read them. Null when there is
-- no such run.
create function private.automation_run(run_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select to_jsonb(run) || jsonb_build_object(
    'trigger_data', private.run_trigger_data(run.id), 'action_results', private.run_action_results(run.id)
  )
  from public.automation_runs as run
  where run.id = automation_run.run_id
    and run.company_id = private.company_for('automations:trigger')
    and (run.triggered_by = private.calling_key() or private.company_for('automations:read') is not null)
$$;
grant execute on function private.automation_run(uuid) to api_key;

create function public.automation_run(run_id uuid) returns jsonb
language sql stable set search_path = ''
as $$ select private.automation_run(run_id) $$;
grant execute on function public.automation_run(uuid) to api_key;
