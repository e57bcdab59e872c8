-- How many contacts a workspace may have.

create function private.count_new_contacts()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.count_rows(workspace, 'contacts', added)
  from (select company_id as workspace, count(*) as added from new_rows group by 1 order by 1) as counted;
  return null;
end
$$;

create trigger crm_contacts_count_new after insert on public.crm_contacts
  referencing new table as new_rows
  for each statement execute function private.count_new_contacts();

create function private.count_removed_contacts()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.count_rows(workspace, 'contacts', -removed)
  from (select company_id as workspace, count(*) as removed from old_rows group by 1 order by 1) as counted;
  return null;
end
$$;

create trigger crm_contacts_count_removed after delete on public.crm_contacts
  referencing old table as old_rows
  for each statement execute function private.count_removed_contacts();
