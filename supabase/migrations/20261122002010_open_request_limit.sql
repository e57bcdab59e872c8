-- How many open requests a workspace may have: those that are sent or viewed, as the page request_status writes it.

create function private.count_new_requests()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.count_rows(workspace, 'open_requests', added)
  from (
    select company_id as workspace, count(*) as added from new_rows
    where written_status in ('sent', 'viewed')
    group by 1 order by 1
  ) as counted;
  return null;
end
$$;

create trigger referral_requests_count_new after insert on public.referral_requests
  referencing new table as new_rows
  for each statement execute function private.count_new_requests();

create function private.count_changed_requests()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.count_rows(workspace, 'open_requests', added)
  from (
    select company_id as workspace, sum(change) as added
    from (
      select company_id, 1 as change from new_rows where written_status in ('sent', 'viewed')
      union all
      select company_id, -1 from old_rows where written_status in ('sent', 'viewed')
    ) as changes
    group by 1 having sum(change) <> 0 order by 1
  ) as counted;
  return null;
end
$$;

create trigger referral_requests_count_changed after update on public.referral_requests
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_changed_requests();

create function private.count_removed_requests()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.count_rows(workspace, 'open_requests', -removed)
  from (
    select company_id as workspace, count(*) as removed from old_rows
    where written_status in ('sent', 'viewed')
    group by 1 order by 1
  ) as counted;
  return null;
end
$$;

create trigger referral_requests_count_removed after delete on public.referral_requests
  referencing old table as old_rows
  for each statement execute function private.count_removed_requests();
