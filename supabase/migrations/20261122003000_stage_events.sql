-- `stage_changed`: a placement is made, or its stage becomes another.

create function private.write_stage_events()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.events (company_id, type, depth, runs_automations, data)
    select new_rows.company_id, 'stage_changed', private.chain_depth(), private.starts_automations(), jsonb_build_object(
      'deal_id', new_rows.deal_id,
      'contact_id', crm_deals.contact_id,
      'pipeline_id', new_rows.pipeline_id,
      'stage_id', new_rows.stage_id,
      'from_stage_id', null
    )
    from new_rows
    join public.crm_deals on crm_deals.id = new_rows.deal_id;
  else
    insert into private.events (company_id, type, depth, runs_automations, data)
    select new_rows.company_id, 'stage_changed', private.chain_depth(), private.starts_automations(), jsonb_build_object(
      'deal_id', new_rows.deal_id,
      'contact_id', crm_deals.contact_id,
      'pipeline_id', new_rows.pipeline_id,
      'stage_id', new_rows.stage_id,
      'from_stage_id', old_rows.stage_id
    )
    from old_rows
    join new_rows using (id)
    join public.crm_deals on crm_deals.id = new_rows.deal_id
    where old_rows.stage_id <> new_rows.stage_id;
  end if;
  return null;
end
$$;

create trigger crm_deal_placements_write_events_on_insert after insert on public.crm_deal_placements
  referencing new table as new_rows
  for each statement execute function private.write_stage_events();

create trigger crm_deal_placements_write_events_on_update after update on public.crm_deal_placements
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.write_stage_events();
