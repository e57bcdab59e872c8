-- Pipelines and their stages, in the order a board shows them.

create table public.crm_pipelines (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  name text not null check (char_length(name) between 1 and 200),
  created_by uuid default private.calling_key(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id)
);
create index crm_pipelines_created_at on public.crm_pipelines (company_id, created_at desc, id desc);
create index crm_pipelines_updated_at on public.crm_pipelines (company_id, updated_at desc, id desc);

create trigger crm_pipelines_touch before update on public.crm_pipelines
  for each row execute function private.touch_updated_at();

alter table public.crm_pipelines enable row level security;
grant all on public.crm_pipelines to service_role;
grant select, delete on public.crm_pipelines to api_key;
grant insert (name), update (name) on public.crm_pipelines to api_key;

create policy "keys with pipelines:read see their workspace's pipelines" on public.crm_pipelines
  for select to api_key
  using (company_id = (select private.company_for('pipelines:read')));

create policy "keys with pipelines:write add pipelines to their workspace" on public.crm_pipelines
  for insert to api_key
  with check (company_id = (select private.company_for('pipelines:write')));

create policy "keys with pipelines:write rename their workspace's pipelines" on public.crm_pipelines
  for update to api_key
  using (company_id = (select private.company_for('pipelines:write')))
  with check (company_id = (select private.company_for('pipelines:write')));

create policy "keys with pipelines:write remove their workspace's pipelines" on public.crm_pipelines
  for delete to api_key
  using (company_id = (select private.company_for('pipelines:write')));

create table public.crm_pipeline_stages (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  pipeline_id uuid not null,
  name text not null check (char_length(name) between 1 and 200),
  position integer not null default 0 check (position >= 0),
  -- its place in the list that it was sent in, which counts where positions are the same
  place integer not null default 0 check (place >= 0),
  unique (id, company_id),
  unique (id, pipeline_id, company_id),
  constraint crm_pipeline_stages_pipeline_fkey foreign key (pipeline_id, company_id)
    references public.crm_pipelines (id, company_id) on delete cascade
);
create index crm_pipeline_stages_pipeline on public.crm_pipeline_stages (pipeline_id, company_id, position, place);
create index crm_pipeline_stages_company_id on public.crm_pipeline_stages (company_id);

alter table public.crm_pipeline_stages enable row level security;
grant all on public.crm_pipeline_stages to service_role;
grant select, delete on public.crm_pipeline_stages to api_key;
grant insert (pipeline_id, name, position, place), update (name, position) on public.crm_pipeline_stages to api_key;

create policy "keys with pipelines:read see their workspace's stages" on public.crm_pipeline_stages
  for select to api_key
  using (company_id = (select private.company_for('pipelines:read')));

create policy "keys with pipelines:write add stages to their workspace" on public.crm_pipeline_stages
  for insert to api_key
  with check (company_id = (select private.company_for('pipelines:write')));

create policy "keys with pipelines:write change their workspace's stages" on public.crm_pipeline_stages
  for update to api_key
  using (company_id = (select private.company_for('pipelines:write')))
  with check (company_id = (select private.company_for('pipelines:write')));

create policy "keys with pipelines:write remove their workspace's stages" on public.crm_pipeline_stages
  for delete to api_key
  using (company_id = (select private.company_for('pipelines:write')));

-- When a list of them was read: see the page updated_at.
create function public.listed_at(public.crm_pipelines) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;
grant execute on function public.listed_at(public.crm_pipelines) to api_key;

-- A pipeline's stages in their order, as it shows them.
create function public.stages(public.crm_pipelines) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'position', position) order by position, place, id), '[]')
  from public.crm_pipeline_stages
  where pipeline_id = ($1).id
$$;
grant execute on function public.stages(public.crm_pipelines) to api_key;

-- Makes a pipeline with its stages, all or nothing; gives it with them. `stages` is `[{name, position}]`.
create function public.create_pipeline(name text, stages jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  pipeline public.crm_pipelines;
begin
  insert into public.crm_pipelines (name) values (create_pipeline.name) returning * into pipeline;
  insert into public.crm_pipeline_stages (pipeline_id, name, position, place)
  select pipeline.id, stage ->> 'name', (stage ->> 'position')::integer, listed.place
  from jsonb_array_elements(create_pipeline.stages) with ordinality as listed (stage, place);
  return jsonb_build_object('id', pipeline.id, 'name', pipeline.name, 'stages', public.stages(pipeline));
end
$$;
grant execute on function public.create_pipeline(text, jsonb) to api_key;
