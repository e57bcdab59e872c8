-- `crm_contacts.email_unsubscribed`: whether this workspace is to mail a person no more.

create function private.note_unsubscribed_email()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.crm_contacts
  set email_unsubscribed = true
  where company_id = new.company_id and lower(email) = new.email and not email_unsubscribed;
  return null;
end
$$;

create trigger unsubscribed_note after insert on private.unsubscribed
  for each row execute function private.note_unsubscribed_email();

-- Whoever has that address is not to be mailed either.
create function private.keep_email_unsubscribed()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  new.email_unsubscribed := new.email_unsubscribed or exists (
    select from private.unsubscribed
    where unsubscribed.company_id = new.company_id and unsubscribed.email = lower(new.email)
  );
  return new;
end
$$;

create trigger crm_contacts_note_unsubscribed before insert or update of email on public.crm_contacts
  for each row execute function private.keep_email_unsubscribed();
