-- What a referral must be: not of oneself, in one of the workspace's categories, with the time of its conversion.

-- Row triggers speak before policies do: they leave a key without referrals:write to its policy, unanswered. Raises 401
-- for a dead key.
create function private.may_write_referrals()
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return private.claims() ->> 'role' is distinct from 'api_key'
    or private.company_for('referrals:write') is not null;
end
$$;
grant execute on function private.may_write_referrals() to api_key;

-- The table's check says it too; raised here, it reaches every caller as a 409.
create function private.refuse_self_referral()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if private.may_write_referrals() then
    perform private.refuse(
      409,
      'CONFLICT',
      'Nobody refers themself: the referrer and the referred contact are the same.',
      hint => 'Name two different contacts.'
    );
  end if;
  return new;
end
$$;

create trigger referrals_refuse_self_referral before insert or update on public.referrals
  for each row when (new.referrer_contact_id = new.referred_contact_id)
  execute function private.refuse_self_referral();

-- A category is one of the workspace's, when it has a list; rows that already carry another keep it.
-- A definer, because who writes referrals need not be allowed to read the settings.
create function private.check_referral_category()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  categories text[];
begin
  select referral_categories into categories
  from public.company_settings
  where company_settings.company_id = new.company_id;
  if cardinality(categories) > 0 and new.category <> all (categories) and private.may_write_referrals() then
    perform private.refuse(
      400,
      'VALIDATION_ERROR',
      'category is not one of this workspace''s referral categories.',
      details => 'category',
      hint => 'Accepted: ' || array_to_string(categories, ', ')
    );
  end if;
  return new;
end
$$;

create trigger referrals_check_category_on_insert before insert on public.referrals
  for each row when (new.category is not null)
  execute function private.check_referral_category();

create trigger referrals_check_category_on_update before update on public.referrals
  for each row when (new.category is distinct from old.category and new.category is not null)
  execute function private.check_referral_category();

create function private.stamp_converted_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.converted_at := case when new.status = 'converted' then coalesce(new.converted_at, now()) end;
  return new;
end
$$;

create trigger referrals_stamp_converted_at_on_insert before insert on public.referrals
  for each row when (new.status = 'converted' or new.converted_at is not null)
  execute function private.stamp_converted_at();

create trigger referrals_stamp_converted_at_on_update before update on public.referrals
  for each row when (new.status is distinct from old.status)
  execute function private.stamp_converted_at();
