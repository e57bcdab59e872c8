-- What acts later acts for whoever made it: the key that said what it does must have been allowed to do and to read that
-- itself, when it said so and whenever it acts.

-- The scopes of who may be told of an event of that type. What somebody triggers by hand may tell what any event does.
create function private.scopes_to_hear(event_type text)
returns text[]
language sql
immutable
set search_path = ''
as $$
  select case event_type
    when 'referral_attributed' then array['referrals:read']
    when 'stage_changed' then array['opportunities:read']
    when 'automation_triggered' then array['referrals:read', 'opportunities:read']
    else '{}'::text[]
  end
$$;

-- Whether the row of a key holds all of these scopes now. Revoking a key ends nothing that it made, disabling it does; without
-- a maker (it was made by SQL) all is allowed, with one whose row is gone nothing is.
create function private.maker_allows(maker uuid, scopes text[])
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return maker is null or exists (
    select from public.api_keys as key
    where key.id = maker
      and key.disabled_at is null
      and not exists (
        select from unnest(maker_allows.scopes) as wanted where not key.scopes && private.scopes_that_allow(wanted)
      )
  );
end
$$;

-- The first of these scopes that one of the makers lacks, null when all of them hold all.
create function private.scope_lacking(makers uuid[], scopes text[])
returns text
language sql
stable
set search_path = ''
as $$
  select wanted
  from unnest(scopes) with ordinality as scope (wanted, place)
  where exists (select from unnest(makers) as maker where not private.maker_allows(maker, array[wanted]))
  order by place
  limit 1
$$;

-- Refuses what the calling key saves when it lacks one of the scopes that this takes. Raises 403 that names the scope, 401 for
-- a dead key. What no key saves is free.
create function private.demand_scopes(scopes text[])
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  wanted text;
begin
  if private.calling_key() is null then
    return;
  end if;
  foreach wanted in array demand_scopes.scopes loop
    if private.company_for(wanted) is null then
      perform private.refuse(
        403, 'INSUFFICIENT_SCOPE', 'This API key lacks the scope ' || wanted || ', which what you save would use.',
        details => wanted
      );
    end if;
  end loop;
end
$$;
