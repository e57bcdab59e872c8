-- One action by itself, carried out when a caller asks for it.

-- Starts a run of the caller's automation that leaves out all actions but this one; gives its id. Raises 404.
create function private.start_action_run(automation_id uuid, action_id uuid, trigger_data jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('automations:trigger');
  others uuid[];
  run jsonb;
begin
  if not exists (
    select from public.automation_actions as action
    where action.id = action_id
      and action.automation_id = start_action_run.automation_id
      and action.company_id = workspace
  ) then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  select array_agg(action.id) into others
  from public.automation_actions as action
  where action.automation_id = start_action_run.automation_id and action.company_id = workspace and action.id <> action_id;
  perform set_config('referrals.skip_action_ids', coalesce(others, '{}')::text, true);
  run := private.start_automation_run(start_action_run.automation_id, start_action_run.trigger_data);
  perform set_config('referrals.skip_action_ids', '', true);
  return run;
end
$$;
grant execute on function private.start_action_run(uuid, uuid, jsonb) to api_key;

create function public.start_action_run(automation_id uuid, action_id uuid, trigger_data jsonb) returns jsonb
language sql set search_path = ''
as $$ select private.start_action_run(automation_id, action_id, trigger_data) $$;
grant execute on function public.start_action_run(uuid, uuid, jsonb) to api_key;
