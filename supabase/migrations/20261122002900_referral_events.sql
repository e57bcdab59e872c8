-- All that follows from a statement over referrals: its events, its audit entries, the referrers of its opportunities, and the
-- counters. One trigger, since each costs a writer as much as a third of the insert.

-- What `referral_attributed` tells of a referral, beside the operation and the old values.
create function private.referral_data(referral public.referrals, referrer_email text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'referral_id', referral.id,
    'referrer_contact_id', referral.referrer_contact_id,
    'referrer_email', referrer_email,
    'referred_contact_id', referral.referred_contact_id,
    'referred_deal_id', referral.referred_deal_id,
    'category', referral.category,
    'status', referral.status,
    'source', referral.source,
    'notes', referral.notes
  );
end
$$;

-- What the audit log says of a referral.
create function private.audited(referral public.referrals)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return to_jsonb(referral) - private.never_audited() - 'hand_set'::text;
end
$$;

-- The referrers of these opportunities, and the counters, by these differences.
create function private.follow_referrals(deal_ids uuid[], changes private.referrer_counts[])
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if cardinality(deal_ids) = 1 then
    perform private.refresh_primary_referrer(deal_ids[1]);
  elsif deal_ids is not null then
    perform private.refresh_primary_referrers(deal_ids);
  end if;
  if cardinality(changes) = 1 then
    perform private.add_referrer_count(changes[1]);
  elsif changes is not null then
    perform private.add_referrer_counts(changes);
  end if;
end
$$;

create function private.follow_inserted_referrals()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  deal_ids uuid[];
  changes private.referrer_counts[];
  acting record := private.acting();
begin
  insert into public.audit_log (company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via)
  select company_id, 'referral', id, 'insert', private.changes_of(private.audited(new_rows), null),
    acting.actor_type, acting.actor_id, acting.request_id, acting.via
  from new_rows;

  insert into private.events (company_id, type, depth, data)
  select new_rows.company_id, 'referral_attributed', private.chain_depth(),
    private.referral_data(new_rows, referrer.email) || '{"operation": "INSERT", "previous": {}}'
  from new_rows
  left join public.crm_contacts as referrer on referrer.id = new_rows.referrer_contact_id;

  select
    (select array_agg(distinct referred_deal_id order by referred_deal_id) from new_rows where referred_deal_id is not null),
    (
      select array_agg(change order by change.contact_id)
      from (
        select company_id, referrer_contact_id as contact_id, count(*), count(*) filter (where status = 'converted')
        from new_rows
        where status <> 'declined'
        group by company_id, referrer_contact_id
      ) as change
    )
  into deal_ids, changes;
  perform private.follow_referrals(deal_ids, changes);
  return null;
end
$$;

create trigger referrals_follow_inserts after insert on public.referrals
  referencing new table as new_rows
  for each statement execute function private.follow_inserted_referrals();

create function private.follow_updated_referrals()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  deal_ids uuid[];
  changes private.referrer_counts[];
  acting record := private.acting();
begin
  insert into public.audit_log (company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via)
  select new_rows.company_id, 'referral', new_rows.id, 'update', difference,
    acting.actor_type, acting.actor_id, acting.request_id, acting.via
  from old_rows
  join new_rows using (id),
  private.changes(private.audited(old_rows), private.audited(new_rows)) as difference
  where difference <> '{}';

  insert into private.events (company_id, type, depth, data)
  select new_rows.company_id, 'referral_attributed', private.chain_depth(),
    data || jsonb_build_object('operation', 'UPDATE', 'previous', (
      select coalesce(jsonb_object_agg(field.key, field.value), '{}')
      from jsonb_each(old_data) as field
      where field.value is distinct from data -> field.key
    ))
  from old_rows
  join new_rows using (id)
  left join public.crm_contacts as old_referrer on old_referrer.id = old_rows.referrer_contact_id
  left join public.crm_contacts as referrer on referrer.id = new_rows.referrer_contact_id,
  private.referral_data(old_rows, old_referrer.email) as old_data,
  private.referral_data(new_rows, referrer.email) as data;

  select array_agg(distinct deal_id order by deal_id) into deal_ids
  from old_rows
  join new_rows using (id),
  unnest(array[old_rows.referred_deal_id, new_rows.referred_deal_id]) as deal_id
  where deal_id is not null
    and (
      old_rows.referred_deal_id, old_rows.referrer_contact_id, old_rows.category, old_rows.status, old_rows.created_at,
      old_rows.hand_set
    ) is distinct from (
      new_rows.referred_deal_id, new_rows.referrer_contact_id, new_rows.category, new_rows.status, new_rows.created_at,
      new_rows.hand_set
    );
  select array_agg(change order by change.contact_id) into changes
  from (
    select company_id, referrer_contact_id as contact_id, sum(one)::bigint,
      coalesce(sum(one) filter (where status = 'converted'), 0)::bigint
    from (
      select company_id, referrer_contact_id, status, -1 as one from old_rows where status <> 'declined'
      union all
      select company_id, referrer_contact_id, status, 1 from new_rows where status <> 'declined'
    ) as both_sides
    group by company_id, referrer_contact_id
    having sum(one) <> 0 or sum(one) filter (where status = 'converted') <> 0
  ) as change;
  perform private.follow_referrals(deal_ids, changes);
  return null;
end
$$;

create trigger referrals_follow_updates after update on public.referrals
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.follow_updated_referrals();

create function private.follow_deleted_referrals()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  deal_ids uuid[];
  changes private.referrer_counts[];
  acting record := private.acting();
begin
  insert into public.audit_log (company_id, entity_type, entity_id, action, changes, actor_type, actor_id, request_id, via)
  select company_id, 'referral', id, 'delete', private.changes_of(null, private.audited(old_rows)),
    acting.actor_type, acting.actor_id, acting.request_id, acting.via
  from old_rows;

  insert into private.events (company_id, type, depth, data)
  select old_rows.company_id, 'referral_attributed', private.chain_depth(),
    data || jsonb_build_object('operation', 'DELETE', 'previous', data)
  from old_rows
  left join public.crm_contacts as referrer on referrer.id = old_rows.referrer_contact_id,
  private.referral_data(old_rows, referrer.email) as data;

  select array_agg(distinct referred_deal_id order by referred_deal_id) into deal_ids
  from old_rows
  where referred_deal_id is not null;
  select array_agg(change order by change.contact_id) into changes
  from (
    select company_id, referrer_contact_id as contact_id, -count(*), -count(*) filter (where status = 'converted')
    from old_rows
    where status <> 'declined'
    group by company_id, referrer_contact_id
  ) as change;
  perform private.follow_referrals(deal_ids, changes);
  return null;
end
$$;

create trigger referrals_follow_deletes after delete on public.referrals
  referencing old table as old_rows
  for each statement execute function private.follow_deleted_referrals();
