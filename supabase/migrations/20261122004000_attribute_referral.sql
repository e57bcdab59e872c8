-- The action `attribute_referral`: it writes the referral of the run's opportunity.

-- The referral that an action wrote for an opportunity: the next time it changes that one.
create table private.automation_referrals (
  action_id uuid not null references public.automation_actions on delete cascade,
  deal_id uuid not null references public.crm_deals on delete cascade,
  referral_id uuid not null references public.referrals on delete cascade,
  primary key (action_id, deal_id)
);

create index automation_referrals_deal on private.automation_referrals (deal_id);
create index automation_referrals_referral on private.automation_referrals (referral_id);

-- The referral on record for the same referrer, contact and opportunity, other than that one.
create function private.referral_like(referral public.referrals, other_than uuid)
returns uuid
language sql
stable
set search_path = ''
as $$
  select id
  from public.referrals
  where company_id = referral.company_id
    and referrer_contact_id = referral.referrer_contact_id
    and referred_contact_id = referral.referred_contact_id
    and referred_deal_id = referral.referred_deal_id
    and id is distinct from other_than
$$;

-- Writes the referral of the run's opportunity, or changes the one that this action wrote before. `request` holds the fields
-- to set; without a referrer it is the opportunity's primary contact. Effect and result are one transaction, so repeating it
-- does nothing. Raises what writing a referral raises.
create function private.run_attribute_referral(run_id uuid, action_id uuid, request jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  run public.automation_runs := private.run_without(run_id, action_id);
  told jsonb := private.trigger_data_of(run);
  deal_id uuid := private.as_id(coalesce(told ->> 'deal_id', told ->> 'referred_deal_id'));
  action public.automation_actions;
  deal public.crm_deals;
  recorded uuid;
  kept public.referrals;
  wanted public.referrals;
  operation text := 'unchanged';
begin
  if run.id is null then
    return;
  end if;
  action := private.action_of(run, action_id);
  perform private.attribute_alone(deal_id);
  select * into deal from public.crm_deals where id = deal_id and company_id = run.company_id;
  if not found then
    perform private.refuse(400, 'VALIDATION_ERROR', 'The event names no opportunity to attribute.');
  end if;

  select referrals.* into kept
  from private.automation_referrals as written
  join public.referrals on referrals.id = written.referral_id and referrals.referred_deal_id = written.deal_id
  where written.action_id = action.id and written.deal_id = deal.id
  for update of referrals;

  wanted := kept;
  wanted.company_id := run.company_id;
  wanted.referred_deal_id := deal.id;
  wanted.status := coalesce(request ->> 'status', kept.status, 'pending');
  wanted.category := case when request ? 'category' then request ->> 'category' else kept.category end;
  wanted.notes := case when request ? 'notes' then request ->> 'notes' else kept.notes end;
  wanted.referrer_contact_id := coalesce(private.as_id(request ->> 'referrer_contact_id'), deal.contact_id);
  if wanted.referrer_contact_id is null then
    perform private.refuse(
      400, 'VALIDATION_ERROR', 'There is no referrer: the opportunity has no primary contact, and the action names nobody.'
    );
  end if;
  if not exists (
    select from public.crm_contacts where id = wanted.referrer_contact_id and company_id = run.company_id
  ) then
    perform private.refuse(404, 'NOT_FOUND', 'referrer_contact_id names no contact of this workspace.');
  end if;
  wanted.referred_contact_id := nullif(deal.contact_id, wanted.referrer_contact_id);

  perform set_config('referrals.chain_depth', (run.depth + 1)::text, true);
  -- What is on record already, by the form or by hand, is attribution enough.
  recorded := private.referral_like(wanted, kept.id);
  if recorded is null and kept.id is null then
    insert into public.referrals (
      company_id, referrer_contact_id, referred_contact_id, referred_deal_id, source, status, category, notes
    )
    values (
      wanted.company_id, wanted.referrer_contact_id, wanted.referred_contact_id, wanted.referred_deal_id, 'automation',
      wanted.status, wanted.category, wanted.notes
    )
    on conflict do nothing
    returning * into kept;
    if found then
      insert into private.automation_referrals (action_id, deal_id, referral_id)
      values (action.id, deal.id, kept.id)
      on conflict on constraint automation_referrals_pkey do update set referral_id = excluded.referral_id;
      operation := 'created';
    else
      -- Somebody put it on record while this insert waited for them.
      recorded := private.referral_like(wanted, null);
    end if;
  elsif recorded is null and (kept.referrer_contact_id, kept.referred_contact_id, kept.status, kept.category, kept.notes)
    is distinct from
    (wanted.referrer_contact_id, wanted.referred_contact_id, wanted.status, wanted.category, wanted.notes)
  then
    update public.referrals
    set referrer_contact_id = wanted.referrer_contact_id,
      referred_contact_id = wanted.referred_contact_id,
      status = wanted.status,
      category = wanted.category,
      notes = wanted.notes
    where id = kept.id;
    operation := 'updated';
  end if;

  perform private.record_completed(
    run.id, action, request, jsonb_build_object('referral_id', coalesce(recorded, kept.id), 'operation', operation)
  );
end
$$;
grant execute on function private.run_attribute_referral(uuid, uuid, jsonb) to service_role;

create function public.run_attribute_referral(run_id uuid, action_id uuid, request jsonb) returns void
language sql set search_path = ''
as $$ select private.run_attribute_referral(run_id, action_id, request) $$;
grant execute on function public.run_attribute_referral(uuid, uuid, jsonb) to service_role;
