-- An automation in one call, and the order of its actions.

-- Makes an automation with its actions (`[{action_type, sequence, config}]`, by default in the order given), all or nothing; gives
-- the automation.
create function public.create_automation(automation jsonb, actions jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  made public.automations;
  action jsonb;
begin
  insert into public.automations (name, description, trigger_type, stage_id, conditions, enabled, priority)
  select given.name, given.description, given.trigger_type, given.stage_id, coalesce(given.conditions, '{}'),
    coalesce(given.enabled, false), coalesce(given.priority, 0)
  from jsonb_populate_record(null::public.automations, create_automation.automation) as given
  returning * into made;
  for action in select value from jsonb_array_elements(create_automation.actions) loop
    insert into public.automation_actions (automation_id, action_type, sequence, config)
    values (made.id, action ->> 'action_type', (action ->> 'sequence')::integer, coalesce(action -> 'config', '{}'));
  end loop;
  return to_jsonb(made);
end
$$;
grant execute on function public.create_automation(jsonb, jsonb) to api_key;

-- Puts the actions of an automation into this order; those that are not named follow in theirs. Gives how many there are, null
-- when the workspace has no such automation. Raises 403, and 404 for an action that is not one of them.
create function public.reorder_actions(automation_id uuid, action_ids uuid[])
returns integer
language plpgsql
set search_path = ''
as $$
declare
  ordered uuid[];
begin
  perform public.require_scope('automations:write');
  perform from public.automations where id = reorder_actions.automation_id;
  if not found then
    return null;
  end if;
  select coalesce(array_agg(action.id order by array_position(action_ids, action.id), action.sequence, action.created_at, action.id), '{}')
  into ordered
  from public.automation_actions as action
  where action.automation_id = reorder_actions.automation_id;
  if not action_ids <@ ordered then
    perform private.refuse(
      404, 'NOT_FOUND', 'action_ids names an action that this automation does not have.', details => 'action_ids'
    );
  end if;
  update public.automation_actions as action
  set sequence = array_position(ordered, action.id) - 1
  where action.automation_id = reorder_actions.automation_id
    and action.sequence <> array_position(ordered, action.id) - 1;
  return cardinality(ordered);
end
$$;
grant execute on function public.reorder_actions(uuid, uuid[]) to api_key;
