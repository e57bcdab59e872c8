-- An opportunity goes, and its placements with it; its referrals stay, without it.

-- Raises 403, 404, and 409 where two referrals would then be the same.
create function private.remove_opportunity(opportunity_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('opportunities:delete');
begin
  delete from public.crm_deals where id = opportunity_id and company_id = workspace;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
exception when unique_violation then
  perform private.refuse(
    409, 'CONFLICT', 'Without this opportunity two referrals would be the same: delete or change one of them first.'
  );
end
$$;
grant execute on function private.remove_opportunity(uuid) to api_key;

create function public.remove_opportunity(opportunity_id uuid) returns void
language sql set search_path = ''
as $$ select private.remove_opportunity(opportunity_id) $$;
grant execute on function public.remove_opportunity(uuid) to api_key;

-- Whether the caller's workspace has that contact, for a list of their opportunities; null when it has not.
create function private.has_contact(contact_id uuid)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select true
  from public.crm_contacts
  where id = has_contact.contact_id and company_id = (select private.company_for('opportunities:read'))
$$;
grant execute on function private.has_contact(uuid) to api_key;

create function public.has_contact(contact_id uuid) returns boolean
language sql stable set search_path = ''
as $$ select private.has_contact(contact_id) $$;
grant execute on function public.has_contact(uuid) to api_key;
