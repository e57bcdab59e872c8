-- Pipelines and their stages, in the order a board shows them.

create table public.crm_pipelines (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id)
);

create table public.crm_pipeline_stages (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  pipeline_id uuid not null,
  name text not null check (char_length(name) between 1 and 200),
  position integer not null default 0 check (position >= 0),
  unique (id, company_id),
  unique (id, pipeline_id, company_id),
  constraint crm_pipeline_stages_pipeline_fkey foreign key (pipeline_id, company_id)
    references public.crm_pipelines (id, company_id) on delete cascade
);

create index crm_pipelines_created_at on public.crm_pipelines (company_id, created_at desc, id desc);
create index crm_pipelines_updated_at on public.crm_pipelines (company_id, updated_at desc, id desc);
create index crm_pipeline_stages_pipeline on public.crm_pipeline_stages (pipeline_id, company_id, position);
create index crm_pipeline_stages_company_id on public.crm_pipeline_stages (company_id);

create trigger crm_pipelines_touch before update on public.crm_pipelines
  for each row execute function private.touch_updated_at();

alter table public.company_settings
  add constraint company_settings_referral_pipeline_fkey foreign key (referral_pipeline_id, company_id)
    references public.crm_pipelines (id, company_id) on delete set null (referral_pipeline_id),
  add constraint company_settings_referral_stage_fkey foreign key (referral_stage_id, referral_pipeline_id, company_id)
    references public.crm_pipeline_stages (id, pipeline_id, company_id) on delete set null (referral_stage_id);

-- A referral stage belongs to the referral pipeline: another pipeline without a stage of its own clears it.
create function private.clear_referral_stage()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.referral_stage_id := null;
  return new;
end
$$;

create trigger company_settings_clear_referral_stage before update on public.company_settings
  for each row when (
    new.referral_pipeline_id is distinct from old.referral_pipeline_id
    and new.referral_stage_id = old.referral_stage_id
  )
  execute function private.clear_referral_stage();

revoke execute on function private.clear_referral_stage() from public;

create function private.refuse_stage_without_pipeline()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.refuse(
    400,
    'VALIDATION_ERROR',
    'referral_stage_id needs referral_pipeline_id beside it.',
    details => 'referral_stage_id'
  );
  return new;
end
$$;

create trigger company_settings_refuse_stage_without_pipeline before update on public.company_settings
  for each row when (new.referral_stage_id is not null and new.referral_pipeline_id is null)
  execute function private.refuse_stage_without_pipeline();

revoke execute on function private.refuse_stage_without_pipeline() from public;

create index company_settings_referral_pipeline on public.company_settings (referral_pipeline_id, company_id);
create index company_settings_referral_stage
  on public.company_settings (referral_stage_id, referral_pipeline_id, company_id);

alter table public.crm_pipelines enable row level security;
alter table public.crm_pipeline_stages enable row level security;
revoke all on public.crm_pipelines, public.crm_pipeline_stages from anon, authenticated;
grant select on public.crm_pipelines, public.crm_pipeline_stages to api_key;
grant insert (name) on public.crm_pipelines to api_key;
grant insert (pipeline_id, name, position) on public.crm_pipeline_stages to api_key;

create policy "keys with pipelines:read see their workspace's pipelines" on public.crm_pipelines
  for select to api_key
  using (company_id = (select private.company_for('pipelines:read')));

create policy "keys with pipelines:write add pipelines to their workspace" on public.crm_pipelines
  for insert to api_key
  with check (company_id = (select private.company_for('pipelines:write')));

create policy "keys with pipelines:read see their workspace's stages" on public.crm_pipeline_stages
  for select to api_key
  using (company_id = (select private.company_for('pipelines:read')));

create policy "keys with pipelines:write add stages to their workspace" on public.crm_pipeline_stages
  for insert to api_key
  with check (company_id = (select private.company_for('pipelines:write')));

-- A pipeline's stages in their order, as the contract inlines them.
create function public.stages(public.crm_pipelines) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'position', position) order by position, id), '[]')
  from public.crm_pipeline_stages
  where pipeline_id = ($1).id
$$;

-- Makes a pipeline with its stages, all or nothing; gives it as the contract shows it. `stages` is `[{name, position}]`.
create function public.create_pipeline(name text, stages jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  pipeline public.crm_pipelines;
begin
  insert into public.crm_pipelines (name) values (create_pipeline.name) returning * into pipeline;
  insert into public.crm_pipeline_stages (pipeline_id, name, position)
  select pipeline.id, stage.name, stage.position
  from jsonb_to_recordset(create_pipeline.stages) as stage (name text, position integer);
  return jsonb_build_object('id', pipeline.id, 'name', pipeline.name, 'stages', public.stages(pipeline));
end
$$;

revoke execute on function public.stages(public.crm_pipelines), public.create_pipeline(text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.stages(public.crm_pipelines), public.create_pipeline(text, jsonb) to api_key;

-- When a list was read, by the database's clock: a paging by `updated_at` leaves out what changed since it began.
create function public.listed_at(public.crm_pipelines) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;

revoke execute on function public.listed_at(public.crm_pipelines) from public, anon, authenticated, service_role;
grant execute on function public.listed_at(public.crm_pipelines) to api_key;
