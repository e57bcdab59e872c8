-- Attributing an opportunity by hand: its hand-set referral outranks all others.

-- Attributions of one opportunity come one after the other. Not by a lock on its row: whoever writes a referral locks that
-- first and the opportunity second, and a writer in the other order would meet them in a deadlock.
create function private.attribute_alone(deal_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('attribute ' || deal_id, 0));
end
$$;

-- Sets or reassigns the referrer of an opportunity, in place in its hand-set referral; without a contact, clears it. Gives
-- the opportunity with its referrer. Without `keeps_category` the category becomes `category`. A friend whom this referrer is
-- already on record for with this opportunity stays on that record. Raises 404 for either id.
create function private.attribute_opportunity(
  opportunity_id uuid,
  referrer_contact_id uuid,
  category text,
  keeps_category boolean
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.require_company('referrals:write');
  deal public.crm_deals;
  kept public.referrals;
  friend uuid;
begin
  perform private.attribute_alone(opportunity_id);
  select * into deal from public.crm_deals where id = opportunity_id and company_id = workspace;
  if not found then
    perform private.refuse(
      404, 'NOT_FOUND', 'opportunity_id names no row of your workspace.', details => 'opportunity_id'
    );
  end if;
  select * into kept
  from public.referrals
  where company_id = workspace and referred_deal_id = deal.id and hand_set
  for update;

  if attribute_opportunity.referrer_contact_id is null then
    update public.referrals set status = 'declined' where id = kept.id and status <> 'declined';
    update public.crm_deals set referrer_cleared_at = clock_timestamp() where id = deal.id;
    perform private.refresh_primary_referrer(deal.id);
  else
    if not exists (
      select from public.crm_contacts
      where id = attribute_opportunity.referrer_contact_id and company_id = workspace
    ) then
      perform private.refuse(
        404, 'NOT_FOUND', 'referrer_contact_id names no row of your workspace.', details => 'referrer_contact_id'
      );
    end if;
    if deal.contact_id <> attribute_opportunity.referrer_contact_id and not exists (
      select from public.referrals
      where company_id = workspace
        and referrals.referrer_contact_id = attribute_opportunity.referrer_contact_id
        and referred_contact_id = deal.contact_id
        and referred_deal_id = deal.id
        and not hand_set
    ) then
      friend := deal.contact_id;
    end if;

    loop
      begin
        if kept.id is null then
          insert into public.referrals (
            company_id, referrer_contact_id, referred_contact_id, referred_deal_id, category, hand_set
          )
          values (
            workspace, attribute_opportunity.referrer_contact_id, friend, deal.id, attribute_opportunity.category, true
          );
        else
          update public.referrals
          set referrer_contact_id = attribute_opportunity.referrer_contact_id,
            referred_contact_id = friend,
            category = case when keeps_category then kept.category else attribute_opportunity.category end,
            status = case when kept.status = 'declined' then 'pending' else kept.status end
          where id = kept.id
            and (
              kept.status = 'declined'
              or kept.referrer_contact_id <> attribute_opportunity.referrer_contact_id
              or kept.referred_contact_id is distinct from friend
              or not keeps_category and kept.category is distinct from attribute_opportunity.category
            );
        end if;
        exit;
      exception when unique_violation then
        -- Somebody has just put that friend on record.
        if friend is null then
          raise;
        end if;
        friend := null;
      end;
    end loop;
  end if;

  return (
    select to_jsonb(crm_deals) || jsonb_build_object(
      'placements', private.placements_in(crm_deals.id, workspace),
      'referrer', private.contact_card(crm_contacts)
    )
    from public.crm_deals
    left join public.crm_contacts on crm_contacts.id = crm_deals.primary_referrer_contact_id
    where crm_deals.id = deal.id
  );
end
$$;
grant execute on function private.attribute_opportunity(uuid, uuid, text, boolean) to api_key;

create function public.attribute_opportunity(
  opportunity_id uuid,
  referrer_contact_id uuid default null,
  category text default null,
  keeps_category boolean default false
)
returns jsonb
language sql set search_path = ''
as $$ select private.attribute_opportunity(opportunity_id, referrer_contact_id, category, keeps_category) $$;
grant execute on function public.attribute_opportunity(uuid, uuid, text, boolean) to api_key;
