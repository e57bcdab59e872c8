-- `crm_contacts.email_unsubscribed`: whether this workspace is to mail a person no more.

create function private.note_unsubscribed_email()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.crm_contacts
  set unsubscribed_at = now()
  where company_id = new.company_id and private.email_key(email) = new.email and unsubscribed_at is null;
  return null;
end
$$;

create trigger unsubscribed_note after insert on private.unsubscribed
  for each row execute function private.note_unsubscribed_email();

create function private.note_unsubscribed_contact()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.crm_contacts
  set unsubscribed_at = now()
  where id = new.contact_id and company_id = new.company_id and unsubscribed_at is null;
  return null;
end
$$;

create trigger unsubscribed_contacts_note after insert on private.unsubscribed_contacts
  for each row execute function private.note_unsubscribed_contact();

-- Whoever gets an address is mailed no more where its owner asked for that, and again at the next one, unless they asked.
create function private.keep_email_unsubscribed()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  new.unsubscribed_at := case
    when private.is_unsubscribed(new.company_id, new.id, new.email) then coalesce(new.unsubscribed_at, now())
  end;
  return new;
end
$$;

create trigger crm_contacts_note_unsubscribed before insert or update of email on public.crm_contacts
  for each row execute function private.keep_email_unsubscribed();

-- This workspace mails that contact of the caller's no more; gives them. Repeating it is safe. Raises 403, 404.
create function private.unsubscribe_contact(contact_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('contacts:write');
  contact public.crm_contacts;
begin
  select * into contact
  from public.crm_contacts
  where id = unsubscribe_contact.contact_id and company_id = workspace
  for update;
  if not found then
    perform private.refuse(404, 'NOT_FOUND', 'There is no such row in your workspace.');
  end if;
  insert into private.unsubscribed_contacts (contact_id, company_id) values (contact.id, workspace) on conflict do nothing;
  if contact.email is not null then
    insert into private.unsubscribed (company_id, email) values (workspace, private.email_key(contact.email))
    on conflict do nothing;
  end if;
  select * into contact from public.crm_contacts where id = contact.id;
  return to_jsonb(contact);
end
$$;
grant execute on function private.unsubscribe_contact(uuid) to api_key;

create function public.unsubscribe_contact(contact_id uuid) returns jsonb
language sql set search_path = ''
as $$ select private.unsubscribe_contact(contact_id) $$;
grant execute on function public.unsubscribe_contact(uuid) to api_key;
