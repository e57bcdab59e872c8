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
    and not exists (
      select from private.action_results as earlier
      where earlier.run_id = automation_runs.id and earlier.action_id = run_without.action_id
    )
  for update;
  return run;
end
$$;

-- The action of the run's automation, which from here on is who acts in this transaction. Raises 404 when it was deleted meanwhile, 403 when one of its makers lacks a scope.
create function private.action_of(run public.automation_runs, action_id uuid)
returns public.automation_actions
language plpgsql
set search_path = ''
as $$
declare
  action public.automation_actions;
  refusal text;
begin
  select * into action
  from public.automation_actions
  where id = action_id and automation_id = run.automation_id;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'This action was deleted.');
  end if;
  select private.refusal_of(automations, action) into refusal
  from public.automations
  where id = action.automation_id;
  if refusal is not null then
    perform private.refuse(403, 'INSUFFICIENT_SCOPE', refusal);
  end if;
  perform set_config('referrals.chain_automation', run.automation_id::text, true);
  return action;
end
$$;

-- Records `{action_id, action_type, sequence, status, duration_ms, request, response, error}`, once for an action.
create function private.record_action(run_id uuid, result jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  run public.automation_runs := private.run_without(run_id, (result ->> 'action_id')::uuid);
begin
  if run.id is not null then
    insert into private.action_results (run_id, action_id, result, scopes)
    values (run.id, (result ->> 'action_id')::uuid, result, coalesce(
      (
        -- An action that was changed meanwhile may have been carried out as it was.
        select private.scopes_to_see(action.action_type, action.config, automations.trigger_type)
        from public.automation_actions as action
        join public.automations on automations.id = action.automation_id
        where action.id = (result ->> 'action_id')::uuid and action.updated_at <= run.created_at
      ),
      array['contacts:read', 'opportunities:read', 'referrals:read', 'webhooks:write']
    ));
    update public.automation_runs set due_at = now() + private.dispatch_lease() where id = run.id;
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
