-- A stage goes, by itself or with its pipeline, only while nothing stands in it and nothing waits for it.

-- Locked first, so that who is being placed into it meanwhile is seen. A workspace that is deleted as a whole is no caller's.
create function private.refuse_stage_in_use()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.claims() ->> 'role' is distinct from 'api_key' then
    return old;
  end if;
  perform from public.crm_pipeline_stages where id = old.id for update;
  if exists (select from public.crm_deal_placements where stage_id = old.id and company_id = old.company_id) then
    perform private.refuse(409, 'CONFLICT', 'Opportunities stand in this stage: move them first.');
  end if;
  if exists (select from public.automations where stage_id = old.id and company_id = old.company_id) then
    perform private.refuse(409, 'CONFLICT', 'An automation waits for this stage: change or delete it first.');
  end if;
  if exists (select from public.company_settings where referral_stage_id = old.id and company_id = old.company_id) then
    perform private.refuse(409, 'CONFLICT', 'Referrals enter this stage: choose another in the referral settings first.');
  end if;
  return old;
end
$$;

-- The same for the pipeline that referrals enter without a stage.
create function private.refuse_pipeline_in_use()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if private.claims() ->> 'role' is distinct from 'api_key' then
    return old;
  end if;
  perform from public.crm_pipelines where id = old.id for update;
  if exists (select from public.company_settings where referral_pipeline_id = old.id and company_id = old.company_id) then
    perform private.refuse(
      409, 'CONFLICT', 'Referrals enter this pipeline: choose another in the referral settings first.'
    );
  end if;
  return old;
end
$$;

create trigger crm_pipelines_refuse_removal before delete on public.crm_pipelines
  for each row execute function private.refuse_pipeline_in_use();

create trigger crm_pipeline_stages_refuse_removal before delete on public.crm_pipeline_stages
  for each row execute function private.refuse_stage_in_use();
