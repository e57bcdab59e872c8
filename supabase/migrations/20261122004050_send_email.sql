-- The action `send_email`: whom it may reach, and by which link they end it.

-- The token of a mail's unsubscribe link: the same each time, so that a mail that is sent again is the same mail.
create function private.unsubscribe_token(mail_key text)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select encode(extensions.hmac('unsubscribe.' || mail_key, decrypted_secret, 'sha256'), 'hex')
  from vault.decrypted_secrets
  where name = 'referrals_dispatch_key'
$$;

-- Lets an action of a run send its mail: to a contact, or to whoever has that address among the workspace's contacts and its
-- `mail_recipients`. Gives `{"address", "unsubscribe_token"}`, the token null for those recipients, or `{"skipped"}` with a
-- sentence for who has unsubscribed. Raises 400 for anybody else, and 429 beyond the mails' budget. Repeating it is safe.
create function private.admit_mail(run_id uuid, action_id uuid, contact uuid, address text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  mail_key constant text := format('automation/%s/%s', run_id, action_id);
  workspace uuid;
  settings public.company_settings;
  person public.crm_contacts;
  token text;
begin
  select company_id into workspace from public.automation_runs where id = admit_mail.run_id;
  select * into settings from public.company_settings where company_id = workspace;
  if contact is not null then
    select * into person from public.crm_contacts where id = contact and company_id = workspace;
  elsif not exists (
    select from unnest(settings.mail_recipients) as recipient where private.email_key(recipient) = private.email_key(address)
  ) then
    select * into person from public.crm_contacts where company_id = workspace and private.email_key(email) = private.email_key(address);
    if not found then
      perform private.refuse(
        400, 'VALIDATION_ERROR', 'to is neither a contact of this workspace nor one of its mail_recipients.'
      );
    end if;
  end if;
  address := case when contact is null then address else person.email end;
  if address is null then
    perform private.refuse(400, 'VALIDATION_ERROR', 'This contact has no email address.');
  end if;
  if private.is_unsubscribed(workspace, person.id, address) then
    return jsonb_build_object('skipped', 'This person has unsubscribed.');
  end if;
  if person.made_by_form and not settings.mail_form_contacts then
    perform private.refuse(
      400,
      'VALIDATION_ERROR',
      'This contact was made by the public form: automations mail them only where the settings'' mail_form_contacts says so.'
    );
  end if;

  perform private.take_mail(workspace, address, mail_key);
  if person.id is not null then
    token := private.unsubscribe_token(mail_key);
    perform private.link_unsubscribing(token, person);
  end if;
  return jsonb_build_object('address', address, 'unsubscribe_token', token);
end
$$;
grant execute on function private.admit_mail(uuid, uuid, uuid, text) to service_role;

create function public.admit_mail(run_id uuid, action_id uuid, contact uuid default null, address text default null)
returns jsonb
language sql set search_path = ''
as $$ select private.admit_mail(run_id, action_id, contact, address) $$;
grant execute on function public.admit_mail(uuid, uuid, uuid, text) to service_role;
