-- The link of a request's mail that asks to be asked no more (contract 3), for whoever holds its token.

-- Who a link's unsubscribing is from, for its page; null for an unknown token.
create function private.unsubscribe_form(token text)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'company', private.brand(companies) - 'contact_email',
    'unsubscribed', exists (
      select from private.unsubscribed
      where unsubscribed.company_id = link.company_id and unsubscribed.email = link.email
    )
  )
  from private.unsubscribe_links as link
  join public.companies on companies.id = link.company_id
  where link.token_hash = private.token_hash(token)
$$;

-- This workspace asks this person no more; false for an unknown token. Repeating it is safe.
create function private.unsubscribe(token text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  link private.unsubscribe_links;
begin
  select * into link from private.unsubscribe_links where token_hash = private.token_hash(token);
  if not found then
    return false;
  end if;
  insert into private.unsubscribed (company_id, email) values (link.company_id, link.email) on conflict do nothing;
  return true;
end
$$;

create function public.unsubscribe_form(token text) returns jsonb
language sql stable set search_path = ''
as $$ select private.unsubscribe_form(token) $$;

create function public.unsubscribe(token text) returns boolean
language sql set search_path = ''
as $$ select private.unsubscribe(token) $$;

revoke execute on function private.unsubscribe_form(text), private.unsubscribe(text) from public;
revoke execute on function public.unsubscribe_form(text), public.unsubscribe(text)
  from public, anon, authenticated, service_role;
grant execute on function private.unsubscribe_form(text), private.unsubscribe(text), public.unsubscribe_form(text),
  public.unsubscribe(text) to anon;
