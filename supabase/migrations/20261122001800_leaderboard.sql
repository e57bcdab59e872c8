-- How much each contact referred, without what was declined: counters, so that the leaderboard never reads all referrals.

create table private.referrer_counts (
  company_id uuid not null,
  contact_id uuid not null,
  total bigint not null check (total >= 0),
  converted bigint not null check (converted between 0 and total),
  primary key (contact_id, company_id),
  constraint referrer_counts_contact_fkey foreign key (contact_id, company_id)
    references public.crm_contacts (id, company_id) on delete cascade
);

create index referrer_counts_rank on private.referrer_counts (company_id, converted desc, total desc, contact_id)
  where total > 0;
create index referrer_counts_converted_rank on private.referrer_counts (company_id, converted desc, contact_id)
  where converted > 0;

-- Adds differences to the counters. Rows are made first (waiting for a writer who is making the same one), then locked in
-- one order, then changed. Sums commute, so there is nothing to recompute. A referrer who is just being deleted has no row
-- any more, and gets none.
create function private.add_referrer_counts(changes private.referrer_counts[])
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.referrer_counts (company_id, contact_id, total, converted)
  select change.company_id, change.contact_id, 0, 0
  from unnest(changes) as change
  where change.total > 0
    and not exists (select from private.referrer_counts as counts where counts.contact_id = change.contact_id)
  order by change.contact_id
  on conflict (contact_id, company_id) do nothing;

  perform from private.referrer_counts
  where contact_id in (select contact_id from unnest(changes))
  order by contact_id
  for update;

  update private.referrer_counts as counts
  set total = counts.total + change.total, converted = counts.converted + change.converted
  from unnest(changes) as change
  where counts.contact_id = change.contact_id and counts.company_id = change.company_id;
end
$$;

-- The same for one referrer, whom most statements concern: through its index, where an array is planned for a whole table.
create function private.add_referrer_count(change private.referrer_counts)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update private.referrer_counts as counts
  set total = counts.total + change.total, converted = counts.converted + change.converted
  where counts.contact_id = change.contact_id and counts.company_id = change.company_id;
  if not found and change.total > 0 then
    insert into private.referrer_counts as counts (company_id, contact_id, total, converted)
    values (change.company_id, change.contact_id, change.total, change.converted)
    on conflict (contact_id, company_id) do update
    set total = counts.total + excluded.total, converted = counts.converted + excluded.converted;
  end if;
end
$$;

-- At most 50 referrers of the caller's workspace, equal counts sharing a rank. With `only_converted`, only converted referrals
-- count. Raises 403 for a key without referrals:read.
create function private.referral_leaderboard(max_entries integer, only_converted boolean)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  workspace uuid := private.company_for('referrals:read');
begin
  if workspace is null then
    perform private.refuse(
      403, 'INSUFFICIENT_SCOPE', 'This API key lacks the scope referrals:read.', details => 'referrals:read'
    );
  end if;

  return (
    with top as (
      (
        select contact_id, total, converted
        from private.referrer_counts
        where company_id = workspace and total > 0 and not only_converted
        order by converted desc, total desc, contact_id
        limit least(greatest(max_entries, 1), 50)
      )
      union all
      (
        select contact_id, converted, converted
        from private.referrer_counts
        where company_id = workspace and converted > 0 and only_converted
        order by converted desc, contact_id
        limit least(greatest(max_entries, 1), 50)
      )
    ), ranked as (
      select *, rank() over (order by converted desc, total desc) as rank from top
    )
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'rank', ranked.rank,
        'contact', jsonb_build_object(
          'id', crm_contacts.id,
          'first_name', crm_contacts.first_name,
          'last_name', crm_contacts.last_name,
          'email', crm_contacts.email,
          'images', crm_contacts.images
        ),
        'total_referrals', ranked.total,
        'converted_referrals', ranked.converted,
        'conversion_rate', round(ranked.converted::numeric / ranked.total, 4)
      ) order by ranked.rank, crm_contacts.id
    ), '[]')
    from ranked
    join public.crm_contacts on crm_contacts.id = ranked.contact_id
  );
end
$$;
grant execute on function private.referral_leaderboard(integer, boolean) to api_key;

create function public.referral_leaderboard(max_entries integer default 10, only_converted boolean default false)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select private.referral_leaderboard(max_entries, only_converted)
$$;
grant execute on function public.referral_leaderboard(integer, boolean) to api_key;
