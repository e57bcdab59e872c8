-- What the holder of a key may know of it.

create function private.calling_key_card()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.company_for(variadic '{}');
  return (
    select jsonb_build_object(
      'id', api_keys.id,
      'name', api_keys.name,
      'scopes', api_keys.scopes,
      'created_at', api_keys.created_at,
      'expires_at', api_keys.expires_at,
      'limits', jsonb_build_object(
        'requests_per_minute', api_keys.requests_per_minute,
        'requests_per_day', api_keys.requests_per_day,
        'credits_per_month', api_keys.credits_per_month
      ),
      'company', jsonb_build_object('id', companies.id, 'name', companies.name)
    )
    from public.api_keys
    join public.companies on companies.id = api_keys.company_id
    where api_keys.id = private.calling_key()
  );
end
$$;
grant execute on function private.calling_key_card() to api_key;

create function public.calling_key_card() returns jsonb
language sql stable set search_path = ''
as $$ select private.calling_key_card() $$;
grant execute on function public.calling_key_card() to api_key;
