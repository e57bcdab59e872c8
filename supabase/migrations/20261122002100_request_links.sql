-- The links in the mails of requests. Only the SHA-256 of a link's token is stored.

create function private.token_hash(token text)
returns bytea
language sql
immutable
set search_path = ''
as $$
  select sha256(convert_to(token, 'UTF8'))
$$;

-- The link of a request, and how often its form was tried in the hour since `tries_since`.
create table private.request_links (
  request_id uuid primary key references public.referral_requests on delete cascade,
  token_hash bytea not null unique check (octet_length(token_hash) = 32),
  tries integer not null default 0,
  tries_since timestamptz(3) not null default now()
);
