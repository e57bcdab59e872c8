-- Opportunities, and the stage each one stands in per pipeline.

create table public.crm_deals (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  name text not null check (char_length(name) between 1 and 300),
  status text not null default 'open' check (status in ('open', 'won', 'lost')),
  contact_id uuid,
  value numeric(14, 2) check (value >= 0),
  currency text check (currency ~ '^[A-Z]{3}$'),
  lead_source text check (char_length(lead_source) <= 200),
  primary_referrer_contact_id uuid,
  primary_referrer_category text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (id, company_id),
  constraint crm_deals_contact_fkey foreign key (contact_id, company_id)
    references public.crm_contacts (id, company_id) on delete set null (contact_id),
  constraint crm_deals_primary_referrer_fkey foreign key (primary_referrer_contact_id, company_id)
    references public.crm_contacts (id, company_id) on delete set null (primary_referrer_contact_id)
);

create index crm_deals_created_at on public.crm_deals (company_id, created_at desc, id desc);
create index crm_deals_updated_at on public.crm_deals (company_id, updated_at desc, id desc);
create index crm_deals_status on public.crm_deals (company_id, status, created_at desc, id desc);
create index crm_deals_contact on public.crm_deals (contact_id, company_id, created_at desc, id desc);
create index crm_deals_primary_referrer
  on public.crm_deals (primary_referrer_contact_id, company_id, created_at desc, id desc);

create table public.crm_deal_placements (
  id uuid primary key default gen_random_uuid(),
  company_id uuid not null default private.claimed_company() references public.companies on delete cascade,
  deal_id uuid not null,
  pipeline_id uuid not null,
  stage_id uuid not null,
  position integer not null default 0 check (position >= 0),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (deal_id, pipeline_id, company_id),
  constraint crm_deal_placements_deal_fkey foreign key (deal_id, company_id)
    references public.crm_deals (id, company_id) on delete cascade,
  constraint crm_deal_placements_pipeline_fkey foreign key (pipeline_id, company_id)
    references public.crm_pipelines (id, company_id) on delete cascade,
  constraint crm_deal_placements_stage_fkey foreign key (stage_id, pipeline_id, company_id)
    references public.crm_pipeline_stages (id, pipeline_id, company_id) on delete cascade
);

create index crm_deal_placements_deal on public.crm_deal_placements (deal_id, company_id);
create index crm_deal_placements_pipeline on public.crm_deal_placements (pipeline_id, company_id);
create index crm_deal_placements_stage on public.crm_deal_placements (stage_id, pipeline_id, company_id, position);
create index crm_deal_placements_company_id on public.crm_deal_placements (company_id);

create trigger crm_deals_touch before update on public.crm_deals
  for each row execute function private.touch_updated_at();

create trigger crm_deal_placements_touch before update on public.crm_deal_placements
  for each row execute function private.touch_updated_at();

alter table public.crm_deals enable row level security;
alter table public.crm_deal_placements enable row level security;
revoke all on public.crm_deals, public.crm_deal_placements from anon, authenticated;
grant select on public.crm_deals, public.crm_deal_placements to api_key;
grant insert (name, status, contact_id, value, currency, lead_source),
  update (name, status, contact_id, value, currency, lead_source) on public.crm_deals to api_key;
grant insert (deal_id, pipeline_id, stage_id, position),
  update (stage_id, position) on public.crm_deal_placements to api_key;

create policy "keys with opportunities:read see opportunities" on public.crm_deals
  for select to api_key
  using (company_id = (select private.company_for('opportunities:read')));

create policy "keys with opportunities:write add opportunities" on public.crm_deals
  for insert to api_key
  with check (company_id = (select private.company_for('opportunities:write')));

create policy "keys with opportunities:write change opportunities" on public.crm_deals
  for update to api_key
  using (company_id = (select private.company_for('opportunities:write')))
  with check (company_id = (select private.company_for('opportunities:write')));

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

-- What `expand` and `placements` inline into an opportunity. Only the id of the given row counts: a caller can forge
-- the rest of it, so the row is read again under the caller's own workspace.
create function private.deal_contact(deal_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select private.contact_card(crm_contacts)
  from public.crm_deals
  join public.crm_contacts on crm_contacts.id = crm_deals.contact_id
    and crm_contacts.company_id = crm_deals.company_id
  where crm_deals.id = deal_contact.deal_id
    and crm_deals.company_id = (select private.company_for('opportunities:read'))
$$;

create function private.deal_referrer(deal_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select private.contact_card(crm_contacts)
  from public.crm_deals
  join public.crm_contacts on crm_contacts.id = crm_deals.primary_referrer_contact_id
    and crm_contacts.company_id = crm_deals.company_id
  where crm_deals.id = deal_referrer.deal_id
    and crm_deals.company_id = (select private.company_for('opportunities:read'))
$$;

create function private.deal_placements(deal_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(
    jsonb_build_object(
      'id', placement.id,
      'pipeline_id', placement.pipeline_id,
      'stage_id', placement.stage_id,
      'position', placement.position,
      'pipeline', jsonb_build_object('id', pipeline.id, 'name', pipeline.name),
      'stage', jsonb_build_object('id', stage.id, 'name', stage.name)
    ) order by placement.created_at, placement.id
  ), '[]')
  from public.crm_deal_placements as placement
  join public.crm_pipelines as pipeline on pipeline.id = placement.pipeline_id
  join public.crm_pipeline_stages as stage on stage.id = placement.stage_id
  where placement.deal_id = deal_placements.deal_id
    and placement.company_id = (select private.company_for('opportunities:read'))
$$;

create function public.contact(public.crm_deals) returns jsonb
language sql stable set search_path = ''
as $$ select private.deal_contact(($1).id) $$;

create function public.referrer(public.crm_deals) returns jsonb
language sql stable set search_path = ''
as $$ select private.deal_referrer(($1).id) $$;

create function public.placements(public.crm_deals) returns jsonb
language sql stable set search_path = ''
as $$ select private.deal_placements(($1).id) $$;

-- Puts an opportunity into a stage of a pipeline, at the end of the stage when `target_position` is null.
-- Gives the opportunity with its placements, null when the workspace has no such opportunity.
create function public.move_opportunity(
  opportunity_id uuid,
  target_pipeline_id uuid,
  target_stage_id uuid,
  target_position integer default null
)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  if not exists (select from public.crm_deals where id = opportunity_id) then
    return null;
  end if;

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
  on conflict (deal_id, pipeline_id, company_id) do update set stage_id = excluded.stage_id, position = excluded.position;

  return (
    select to_jsonb(crm_deals) || jsonb_build_object('placements', public.placements(crm_deals))
    from public.crm_deals
    where id = opportunity_id
  );
end
$$;

revoke execute on function private.deal_contact(uuid), private.deal_referrer(uuid), private.deal_placements(uuid)
  from public;
revoke execute on function public.move_opportunity(uuid, uuid, uuid, integer), public.contact(public.crm_deals),
  public.referrer(public.crm_deals), public.placements(public.crm_deals) from public, anon, authenticated, service_role;
grant execute on function private.deal_contact(uuid), private.deal_referrer(uuid), private.deal_placements(uuid),
  public.move_opportunity(uuid, uuid, uuid, integer), public.contact(public.crm_deals),
  public.referrer(public.crm_deals), public.placements(public.crm_deals) to api_key;

-- When a list was read, by the database's clock: a paging by `updated_at` leaves out what changed since it began.
create function public.listed_at(public.crm_deals) returns timestamptz
language sql stable set search_path = ''
as $$ select now()::timestamptz(3) $$;

revoke execute on function public.listed_at(public.crm_deals) from public, anon, authenticated, service_role;
grant execute on function public.listed_at(public.crm_deals) to api_key;
