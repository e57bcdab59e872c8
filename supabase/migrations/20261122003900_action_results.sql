-- What the actions of a run did: each one's result is recorded beside its effect, in one transaction.

-- The run, locked, when it is under way and that action has no result yet; an empty row otherwise.
create function private.run_without(run_id uuid, action_id uuid)
returns public.automation_runs
language plpgsql
set search_path = ''
as $$
declare
  run public.automation_runs;
begin
  select * into run
  from public.automation_runs
  where id = run_without.run_id
    and status = 'running'
    and not action_results @> jsonb_build_array(jsonb_build_object('action_id', action_id))
  for update;
  return run;
end
$$;

-- The action of the run's automation. Raises 404 when it was deleted meanwhile.
create function private.action_of(run public.automation_runs, action_id uuid)
returns public.automation_actions
language plpgsql
stable
set search_path = ''
as $$
declare
  action public.automation_actions;
begin
  select * into action
  from public.automation_actions
  where id = action_id and automation_id = run.automation_id;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'This action was deleted.');
  end if;
  return action;
end
$$;

-- What the current transaction writes stems from this run.
create function private.enter_chain(run public.automation_runs)
returns void
language sql
set search_path = ''
as $$
  select set_config('referrals.chain_depth', (run.depth + 1)::text, true),
    set_config('referrals.chain_root', coalesce(run.root_id, run.event_id)::text, true),
    set_config('referrals.chain_automation', run.automation_id::text, true)
$$;

-- Records `{action_id, action_type, sequence, status, duration_ms, request, response, error}`, once for an action.
create function private.record_action(run_id uuid, result jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if (private.run_without(run_id, (result ->> 'action_id')::uuid)).id is not null then
    update public.automation_runs
    set action_results = action_results || jsonb_build_array(result), due_at = now() + private.dispatch_lease()
    where id = record_action.run_id;
  end if;
end
$$;
grant execute on function private.record_action(uuid, jsonb) to service_role;

create function public.record_action(run_id uuid, result jsonb) returns void
language sql set search_path = ''
as $$ select private.record_action(run_id, result) $$;
grant execute on function public.record_action(uuid, jsonb) to service_role;

create function private.record_completed(run_id uuid, action public.automation_actions, request jsonb, response jsonb)
returns void
language sql
set search_path = ''
as $$
  select private.record_action(run_id, jsonb_build_object(
    'action_id', action.id,
    'action_type', action.action_type,
    'sequence', action.sequence,
    'status', 'completed',
    'duration_ms', round(extract(epoch from clock_timestamp() - now()) * 1000),
    'request', request,
    'response', response,
    'error', null
  ))
$$;
