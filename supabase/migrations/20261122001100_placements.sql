-- The stage that an opportunity stands in, one for each pipeline.

create table public.crm_deal_placements (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  deal_id uuid not null,
  pipeline_id uuid not null,
  stage_id uuid not null,
  position integer not null default 0 check (position >= 0),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  -- when its opportunity was made: the order of a stage's list; kept by the page placed_deals
  deal_created_at timestamptz(3),
  unique (deal_id, pipeline_id, company_id),
  constraint crm_deal_placements_deal_fkey foreign key (deal_id, company_id)
    references public.crm_deals (id, company_id) on delete cascade,
  constraint crm_deal_placements_pipeline_fkey foreign key (pipeline_id, company_id)
    references public.crm_pipelines (id, company_id) on delete cascade,
  constraint crm_deal_placements_stage_fkey foreign key (stage_id, pipeline_id, company_id)
    references public.crm_pipeline_stages (id, pipeline_id, company_id) on delete cascade
);

create index crm_deal_placements_deal on public.crm_deal_placements (deal_id, company_id);
create index crm_deal_placements_pipeline
  on public.crm_deal_placements (pipeline_id, company_id, deal_created_at desc, deal_id desc);
create index crm_deal_placements_stage on public.crm_deal_placements (stage_id, pipeline_id, company_id, position);
create index crm_deal_placements_stage_deals
  on public.crm_deal_placements (stage_id, company_id, deal_created_at desc, deal_id desc);
create index crm_deal_placements_company_id on public.crm_deal_placements (company_id);

-- A row's workspace follows from what the row belongs to: see the page opportunities.
create statistics public.crm_deal_placements_owner (dependencies)
  on stage_id, pipeline_id, company_id from public.crm_deal_placements;

create trigger crm_deal_placements_touch before update on public.crm_deal_placements
  for each row execute function private.touch_updated_at();

alter table public.crm_deal_placements enable row level security;
grant all on public.crm_deal_placements to service_role;
grant select on public.crm_deal_placements to api_key;
grant insert (deal_id, pipeline_id, stage_id, position),
  update (stage_id, position) on public.crm_deal_placements to api_key;

create policy "keys with opportunities:read see placements" on public.crm_deal_placements
  for select to api_key
  using (company_id = (select private.company_for('opportunities:read')));

create policy "keys with opportunities:write place opportunities" on public.crm_deal_placements
  for insert to api_key
  with check (company_id = (select private.company_for('opportunities:write')));

create policy "keys with opportunities:write move opportunities" on public.crm_deal_placements
  for update to api_key
  using (company_id = (select private.company_for('opportunities:write')))
  with check (company_id = (select private.company_for('opportunities:write')));

-- An opportunity's placements, for a caller who has been let in already.
create function private.placements_in(deal_id uuid, workspace uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'id', placement.id,
        'pipeline_id', placement.pipeline_id,
        'stage_id', placement.stage_id,
        'position', placement.position,
        'pipeline', jsonb_build_object('id', pipeline.id, 'name', pipeline.name),
        'stage', jsonb_build_object('id', stage.id, 'name', stage.name),
        -- TrustPager's names for the two
        'crm_pipelines', jsonb_build_object('id', pipeline.id, 'name', pipeline.name),
        'crm_pipeline_stages', jsonb_build_object('id', stage.id, 'name', stage.name, 'color', null)
      ) order by placement.created_at, placement.id
    ), '[]')
    from public.crm_deal_placements as placement
    join public.crm_pipelines as pipeline on pipeline.id = placement.pipeline_id
    join public.crm_pipeline_stages as stage on stage.id = placement.stage_id
    where placement.deal_id = placements_in.deal_id and placement.company_id = workspace
  );
end
$$;

-- What `placements` inlines into an opportunity. As with `deal_contact`, only the id of the given row counts.
create function private.deal_placements(deal_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select private.placements_in(deal_placements.deal_id, private.company_for('opportunities:read'))
  );
end
$$;
grant execute on function private.deal_placements(uuid) to api_key;

create function public.placements(public.crm_deals) returns jsonb
language sql stable set search_path = ''
as $$ select private.deal_placements(($1).id) $$;
grant execute on function public.placements(public.crm_deals) to api_key;

-- Puts an opportunity into a stage of a pipeline, at the end of the stage when `target_position` is null. With
-- `skip_automations` the move is told to subscribers, and starts no automation; without the actions of `skip_action_ids` it
-- starts what is left of them. Gives the placement, null when the workspace has no such opportunity.
create function public.move_opportunity(
  opportunity_id uuid,
  target_pipeline_id uuid,
  target_stage_id uuid,
  target_position integer default null,
  skip_automations boolean default false,
  skip_action_ids uuid[] default '{}'
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  placement public.crm_deal_placements;
begin
  if not exists (select from public.crm_deals where id = opportunity_id) then
    return null;
  end if;

  perform set_config('referrals.skip_automations', case when skip_automations then 'on' else '' end, true);
  perform set_config('referrals.skip_action_ids', coalesce(skip_action_ids, '{}')::text, true);
  insert into public.crm_deal_placements (deal_id, pipeline_id, stage_id, position)
  values (
    opportunity_id,
    target_pipeline_id,
    target_stage_id,
    coalesce(target_position, (
      select max(position) + 1
      from public.crm_deal_placements
      where stage_id = target_stage_id and pipeline_id = target_pipeline_id and deal_id <> opportunity_id
    ), 0)
  )
  on conflict (deal_id, pipeline_id, company_id) do update set stage_id = excluded.stage_id, position = excluded.position
  returning * into placement;
  perform set_config('referrals.skip_automations', '', true);
  perform set_config('referrals.skip_action_ids', '', true);
  return to_jsonb(placement);
end
$$;
grant execute on function public.move_opportunity(uuid, uuid, uuid, integer, boolean, uuid[]) to api_key;
