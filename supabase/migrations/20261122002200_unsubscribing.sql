-- Who asked to be mailed no more: by the link of a mail, for whoever holds its token. It holds for the person, whatever their
-- address becomes, and for every address that they had, whoever has it.

create table private.unsubscribed_contacts (
  contact_id uuid not null,
  company_id uuid not null references public.companies on delete cascade,
  created_at timestamptz(3) not null default now(),
  primary key (contact_id, company_id),
  constraint unsubscribed_contacts_contact_fkey foreign key (contact_id, company_id)
    references public.crm_contacts (id, company_id) on delete cascade
);

create index unsubscribed_contacts_company_id on private.unsubscribed_contacts (company_id);

-- By workspace and email, as emails are compared.
create table private.unsubscribed (
  company_id uuid not null references public.companies on delete cascade,
  email text not null,
  created_at timestamptz(3) not null default now(),
  primary key (company_id, email)
);

-- The links that say so, which live on when their mail's subject and its reader have gone.
create table private.unsubscribe_links (
  token_hash bytea primary key,
  company_id uuid not null references public.companies on delete cascade,
  contact_id uuid,
  email text not null,
  created_at timestamptz(3) not null default now(),
  constraint unsubscribe_links_contact_fkey foreign key (contact_id, company_id)
    references public.crm_contacts (id, company_id) on delete set null (contact_id)
);

create index unsubscribe_links_company_id on private.unsubscribe_links (company_id);
create index unsubscribe_links_contact on private.unsubscribe_links (contact_id, company_id);

-- Whether this person, or whoever has that address, asked this workspace to be mailed no more.
create function private.is_unsubscribed(workspace uuid, contact uuid, address text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from private.unsubscribed
    where unsubscribed.company_id = workspace and unsubscribed.email = private.email_key(address)
  ) or exists (
    select from private.unsubscribed_contacts
    where unsubscribed_contacts.contact_id = contact and unsubscribed_contacts.company_id = workspace
  )
$$;

-- Refuses to ask somebody who asked this workspace to be asked no more.
create function private.refuse_unsubscribed(workspace uuid, contact uuid, address text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if private.is_unsubscribed(workspace, contact, address) then
    perform private.refuse(409, 'CONFLICT', 'This person has unsubscribed: they asked not to be asked again.');
  end if;
end
$$;

-- The next address of somebody who unsubscribed is theirs too.
create function private.keep_unsubscribed()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.unsubscribed (company_id, email)
  select new.company_id, private.email_key(new.email)
  from private.unsubscribed_contacts
  where contact_id = new.id
  on conflict do nothing;
  return null;
end
$$;

create trigger crm_contacts_keep_unsubscribed after update of email on public.crm_contacts
  for each row when (new.email is distinct from old.email and new.email is not null)
  execute function private.keep_unsubscribed();

-- Makes a link for `token`, by which a contact unsubscribes with the address that they are mailed at.
create function private.link_unsubscribing(token text, contact public.crm_contacts)
returns void
language sql
set search_path = ''
as $$
  insert into private.unsubscribe_links (token_hash, company_id, contact_id, email)
  values (private.token_hash(token), contact.company_id, contact.id, private.email_key(contact.email))
  on conflict do nothing
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
    'company', private.public_brand(companies),
    'unsubscribed', private.is_unsubscribed(link.company_id, link.contact_id, link.email)
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

-- This workspace mails this person no more; false for an unknown token. Repeating it is safe.
create function private.unsubscribe(token text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  link private.unsubscribe_links;
  present text;
begin
  select * into link from private.unsubscribe_links where token_hash = private.token_hash(token);
  if not found then
    return false;
  end if;
  -- Locked, so that an address given to them meanwhile is seen here, or sees this.
  select email into present from public.crm_contacts where id = link.contact_id for no key update;
  if found then
    insert into private.unsubscribed_contacts (contact_id, company_id) values (link.contact_id, link.company_id)
    on conflict do nothing;
  end if;
  insert into private.unsubscribed (company_id, email)
  select link.company_id, address
  from unnest(array[link.email, private.email_key(present)]) as address
  where address is not null
  on conflict do nothing;
  return true;
end
$$;
grant execute on function private.unsubscribe(text) to anon;

create function public.unsubscribe(token text) returns boolean
language sql set search_path = ''
as $$ select private.unsubscribe(token) $$;
grant execute on function public.unsubscribe(text) to anon;
