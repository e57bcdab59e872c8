-- How many automations, actions of one automation, and webhook subscriptions a workspace may have. There are so few that they are
-- counted, by one writer of a workspace after the other.

create function private.refuse_rows_over_limit()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid;
  held bigint;
  maximum integer;
begin
  for workspace in select distinct company_id from new_rows order by 1 loop
    perform pg_advisory_xact_lock(hashtextextended(tg_table_name || ' of ' || workspace, 0));
    maximum := private.limit_of(workspace, tg_argv[0]);
    held := case tg_argv[0]
      when 'automations' then (select count(*) from public.automations where company_id = workspace)
      when 'subscriptions' then (select count(*) from public.webhook_subscriptions where company_id = workspace)
      when 'actions' then (
        select max(actions)
        from (
          select count(*) as actions from public.automation_actions
          where company_id = workspace
          group by automation_id
        ) as counted
      )
    end;
    if held > maximum then
      perform private.refuse_over_limit(tg_argv[0], maximum);
    end if;
  end loop;
  return null;
end
$$;

create trigger automations_refuse_over_limit after insert on public.automations
  referencing new table as new_rows
  for each statement execute function private.refuse_rows_over_limit('automations');

create trigger automation_actions_refuse_over_limit after insert on public.automation_actions
  referencing new table as new_rows
  for each statement execute function private.refuse_rows_over_limit('actions');

create trigger webhook_subscriptions_refuse_over_limit after insert on public.webhook_subscriptions
  referencing new table as new_rows
  for each statement execute function private.refuse_rows_over_limit('subscriptions');
