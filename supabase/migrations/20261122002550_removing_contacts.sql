-- A contact goes: what names them goes too or forgets them, as each reference says, and only when that is asked for.

-- Raises 403, 404, and 409 while a referral, request or opportunity names them, unless `force`; with it, where two referrals
-- would then be the same.
create function private.remove_contact(contact_id uuid, force boolean)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('contacts:delete');
begin
  perform from public.crm_contacts where id = remove_contact.contact_id and company_id = workspace for update;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  if not force and (
    exists (
      select from public.referrals
      where remove_contact.contact_id in (referrer_contact_id, referred_contact_id) and company_id = workspace
    )
    or exists (
      select from public.referral_requests
      where referral_requests.contact_id = remove_contact.contact_id and company_id = workspace
    )
    or exists (
      select from public.crm_deals
      where crm_deals.contact_id = remove_contact.contact_id and company_id = workspace
    )
  ) then
    perform private.refuse(
      409, 'CONFLICT', 'A referral, request or opportunity names this contact.',
      hint => 'force=true deletes their referrals and requests with them, and takes them off the rest.'
    );
  end if;
  delete from public.crm_contacts where id = remove_contact.contact_id and company_id = workspace;
exception when unique_violation then
  perform private.refuse(
    409, 'CONFLICT', 'Without this contact two referrals would be the same: delete or change one of them first.'
  );
end
$$;
grant execute on function private.remove_contact(uuid, boolean) to api_key;

create function public.remove_contact(contact_id uuid, force boolean) returns void
language sql set search_path = ''
as $$ select private.remove_contact(contact_id, force) $$;
grant execute on function public.remove_contact(uuid, boolean) to api_key;
