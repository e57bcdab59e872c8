-- Who asked to be asked no more: by the link of a request's mail, for whoever holds its token.

-- By workspace and email in lower case.
create table private.unsubscribed (
  company_id uuid not null references public.companies on delete cascade,
  email text not null,
  created_at timestamptz(3) not null default now(),
  primary key (company_id, email)
);

-- The links that say so, which live on when their request has gone.
create table private.unsubscribe_links (
  token_hash bytea primary key,
  company_id uuid not null references public.companies on delete cascade,
  email text not null,
  created_at timestamptz(3) not null default now()
);

create index unsubscribe_links_company_id on private.unsubscribe_links (company_id);

-- Refuses to ask somebody who asked this workspace to be asked no more.
create function private.refuse_unsubscribed(workspace uuid, address text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if exists (
    select from private.unsubscribed
    where unsubscribed.company_id = workspace and unsubscribed.email = lower(address)
  ) then
    perform private.refuse(
      409,
      'CONFLICT',
      'This person has unsubscribed: they asked not to be asked again.',
      hint => 'Ask somebody else.'
    );
  end if;
end
$$;

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
grant execute on function private.unsubscribe_form(text) to anon;

create function public.unsubscribe_form(token text) returns jsonb
language sql stable set search_path = ''
as $$ select private.unsubscribe_form(token) $$;
grant execute on function public.unsubscribe_form(text) to anon;

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
grant execute on function private.unsubscribe(text) to anon;

create function public.unsubscribe(token text) returns boolean
language sql set search_path = ''
as $$ select private.unsubscribe(token) $$;
grant execute on function public.unsubscribe(text) to anon;
