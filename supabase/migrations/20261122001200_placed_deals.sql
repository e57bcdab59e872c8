-- Opportunities by pipeline and stage, in the order of their lists: a placement carries when its opportunity was made.

-- The opportunity is locked, so that a change of its age waits for this row, or this row for it. One that is hidden or missing
-- is the foreign key's to refuse.
create function private.note_deal_age()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  select created_at into new.deal_created_at
  from public.crm_deals
  where id = new.deal_id and company_id = new.company_id
  for share;
  return new;
end
$$;

create trigger crm_deal_placements_note_deal_age before insert or update of deal_id, company_id, deal_created_at
  on public.crm_deal_placements
  for each row execute function private.note_deal_age();

create function private.pass_on_deal_age()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.crm_deal_placements set deal_created_at = new.created_at where deal_id = new.id;
  return null;
end
$$;

create trigger crm_deals_pass_on_age after update of created_at on public.crm_deals
  for each row when (new.created_at is distinct from old.created_at)
  execute function private.pass_on_deal_age();

-- Opportunities by where they stand: one row for each pipeline that an opportunity is in. The join is an outer one, though none
-- is without its opportunity, since one that nothing asks for is left out then: of a count.
create view public.placed_deals with (security_invoker = true) as
select
  placement.deal_id as id,
  placement.company_id,
  deal.name,
  deal.status,
  deal.contact_id,
  deal.value,
  deal.currency,
  deal.lead_source,
  deal.primary_referrer_contact_id,
  deal.primary_referrer_category,
  deal.tags,
  deal.notes,
  deal.metadata,
  deal.search_text,
  placement.pipeline_id,
  placement.stage_id,
  placement.deal_created_at as created_at,
  deal.updated_at,
  private.deal_placements(placement.deal_id) as placements,
  private.deal_contact(placement.deal_id) as contact,
  private.deal_referrer(placement.deal_id) as referrer,
  now()::timestamptz(3) as listed_at
from public.crm_deal_placements as placement
left join public.crm_deals as deal on deal.id = placement.deal_id and deal.company_id = placement.company_id;

grant select on public.placed_deals to api_key;

create trigger placed_deals_refuse_write instead of insert or update or delete on public.placed_deals
  for each row execute function private.refuse_write();
