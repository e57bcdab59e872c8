-- What the audit log says of every table but referrals, whose own triggers write it.

-- Writes an entry for each row of a statement that came, went or changed: of the type that the trigger names, without the
-- columns that it hides, which follow from others, are the machinery's own, or say themselves when and by whom.
create function private.audit()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  kind text := tg_argv[0];
  hidden text[] := string_to_array(tg_argv[1], ',') || private.never_audited();
  acting record;
begin
  if tg_op = 'INSERT' then
    if not exists (select from new_rows) then
      return null;
    end if;
    acting := private.acting();
    insert into public.audit_log (
      company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via
    )
    select coalesce(after ->> 'company_id', after ->> 'id')::uuid, kind, coalesce(after ->> 'id', after ->> 'company_id')::uuid,
      'insert', private.changes_of(after - hidden, null), acting.actor_type, acting.actor_id, acting.request_id, acting.via
    from new_rows, to_jsonb(new_rows) as after;
  elsif tg_op = 'UPDATE' then
    if not exists (select from new_rows) then
      return null;
    end if;
    acting := private.acting();
    insert into public.audit_log (
      company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via
    )
    select coalesce(after ->> 'company_id', after ->> 'id')::uuid, kind, coalesce(after ->> 'id', after ->> 'company_id')::uuid,
      'update', difference, acting.actor_type, acting.actor_id, acting.request_id, acting.via
    from (select to_jsonb(new_rows) as after from new_rows) as new_rows
    join (select to_jsonb(old_rows) as before from old_rows) as old_rows
      on coalesce(before ->> 'id', before ->> 'company_id') = coalesce(after ->> 'id', after ->> 'company_id'),
    private.changes(before - hidden, after - hidden) as difference
    where difference <> '{}';
  else
    if not exists (select from old_rows) then
      return null;
    end if;
    acting := private.acting();
    insert into public.audit_log (
      company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via
    )
    select coalesce(before ->> 'company_id', before ->> 'id')::uuid, kind,
      coalesce(before ->> 'id', before ->> 'company_id')::uuid, 'delete', private.changes_of(null, before - hidden),
      acting.actor_type, acting.actor_id, acting.request_id, acting.via
    from old_rows, to_jsonb(old_rows) as before;
  end if;
  return null;
end
$$;

create trigger companies_audit_insert after insert on public.companies
  referencing new table as new_rows
  for each statement execute function private.audit('company', '');

create trigger companies_audit_update after update on public.companies
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('company', '');

create trigger companies_audit_delete after delete on public.companies
  referencing old table as old_rows
  for each statement execute function private.audit('company', '');

create trigger api_keys_audit_insert after insert on public.api_keys
  referencing new table as new_rows
  for each statement execute function private.audit('api_key', 'last_used_at');

create trigger api_keys_audit_update after update on public.api_keys
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('api_key', 'last_used_at');

create trigger api_keys_audit_delete after delete on public.api_keys
  referencing old table as old_rows
  for each statement execute function private.audit('api_key', 'last_used_at');

create trigger crm_contacts_audit_insert after insert on public.crm_contacts
  referencing new table as new_rows
  for each statement execute function private.audit('contact', 'search_text');

create trigger crm_contacts_audit_update after update on public.crm_contacts
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('contact', 'search_text');

create trigger crm_contacts_audit_delete after delete on public.crm_contacts
  referencing old table as old_rows
  for each statement execute function private.audit('contact', 'search_text');

create trigger crm_pipelines_audit_insert after insert on public.crm_pipelines
  referencing new table as new_rows
  for each statement execute function private.audit('pipeline', '');

create trigger crm_pipelines_audit_update after update on public.crm_pipelines
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('pipeline', '');

create trigger crm_pipelines_audit_delete after delete on public.crm_pipelines
  referencing old table as old_rows
  for each statement execute function private.audit('pipeline', '');

create trigger crm_pipeline_stages_audit_insert after insert on public.crm_pipeline_stages
  referencing new table as new_rows
  for each statement execute function private.audit('stage', '');

create trigger crm_pipeline_stages_audit_update after update on public.crm_pipeline_stages
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('stage', '');

create trigger crm_pipeline_stages_audit_delete after delete on public.crm_pipeline_stages
  referencing old table as old_rows
  for each statement execute function private.audit('stage', '');

create trigger company_settings_audit_insert after insert on public.company_settings
  referencing new table as new_rows
  for each statement execute function private.audit('settings', '');

create trigger company_settings_audit_update after update on public.company_settings
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('settings', '');

create trigger company_settings_audit_delete after delete on public.company_settings
  referencing old table as old_rows
  for each statement execute function private.audit('settings', '');

create trigger crm_deals_audit_insert after insert on public.crm_deals
  referencing new table as new_rows
  for each statement execute function private.audit('opportunity', 'primary_referrer_contact_id,primary_referrer_category');

-- By row, and only where it is more than its referrer, which follows from every write of its referrals: to gather the rows of
-- those statements would cost each of them a third more.
create function private.audit_opportunity()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  hidden text[] := private.never_audited() || array['primary_referrer_contact_id', 'primary_referrer_category'];
  acting record := private.acting();
begin
  insert into public.audit_log (company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via)
  values (
    new.company_id, 'opportunity', new.id, 'update', private.changes(to_jsonb(old) - hidden, to_jsonb(new) - hidden),
    acting.actor_type, acting.actor_id, acting.request_id, acting.via
  );
  return null;
end
$$;

create trigger crm_deals_audit_update after update on public.crm_deals
  for each row when (
    (
      old.name, old.status, old.contact_id, old.value, old.currency, old.lead_source, old.tags, old.notes, old.metadata,
      old.referrer_cleared_at
    ) is distinct from (
      new.name, new.status, new.contact_id, new.value, new.currency, new.lead_source, new.tags, new.notes, new.metadata,
      new.referrer_cleared_at
    )
  )
  execute function private.audit_opportunity();

create trigger crm_deals_audit_delete after delete on public.crm_deals
  referencing old table as old_rows
  for each statement execute function private.audit('opportunity', 'primary_referrer_contact_id,primary_referrer_category');

create trigger crm_deal_placements_audit_insert after insert on public.crm_deal_placements
  referencing new table as new_rows
  for each statement execute function private.audit('placement', 'deal_created_at');

create trigger crm_deal_placements_audit_update after update on public.crm_deal_placements
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('placement', 'deal_created_at');

create trigger crm_deal_placements_audit_delete after delete on public.crm_deal_placements
  referencing old table as old_rows
  for each statement execute function private.audit('placement', 'deal_created_at');

create trigger referral_requests_audit_insert after insert on public.referral_requests
  referencing new table as new_rows
  for each statement execute function private.audit('request', 'written_status,lapses_at');

create trigger referral_requests_audit_update after update on public.referral_requests
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('request', 'written_status,lapses_at');

create trigger referral_requests_audit_delete after delete on public.referral_requests
  referencing old table as old_rows
  for each statement execute function private.audit('request', 'written_status,lapses_at');

create trigger webhook_subscriptions_audit_insert after insert on public.webhook_subscriptions
  referencing new table as new_rows
  for each statement execute function private.audit('subscription', 'failing_since');

create trigger webhook_subscriptions_audit_update after update on public.webhook_subscriptions
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('subscription', 'failing_since');

create trigger webhook_subscriptions_audit_delete after delete on public.webhook_subscriptions
  referencing old table as old_rows
  for each statement execute function private.audit('subscription', 'failing_since');

create trigger automations_audit_insert after insert on public.automations
  referencing new table as new_rows
  for each statement execute function private.audit('automation', 'enabled_at');

create trigger automations_audit_update after update on public.automations
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('automation', 'enabled_at');

create trigger automations_audit_delete after delete on public.automations
  referencing old table as old_rows
  for each statement execute function private.audit('automation', 'enabled_at');

create trigger automation_actions_audit_insert after insert on public.automation_actions
  referencing new table as new_rows
  for each statement execute function private.audit('action', '');

create trigger automation_actions_audit_update after update on public.automation_actions
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.audit('action', '');

create trigger automation_actions_audit_delete after delete on public.automation_actions
  referencing old table as old_rows
  for each statement execute function private.audit('action', '');
