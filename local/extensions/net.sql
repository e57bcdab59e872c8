-- Stands in for pg_net 0.20 where the server lacks it: the extension's schema, signatures and rows; net.ts sends. Only role
-- `postgres` comes in, so what works here works with the extension, which lets in everybody.
-- For a superuser, before the migrations. It may run again.

create schema if not exists net;

create unlogged table if not exists net.http_request_queue (
  id bigserial primary key,
  method text not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds integer not null
);

create unlogged table if not exists net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out boolean,
  error_msg text,
  created timestamptz not null default now()
);

create index if not exists _http_response_created_idx on net._http_response (created);

-- The sender drops a wake-up when a table is locked, and a vacuum that gives pages back locks it: that happens to nobody here who
-- does not lock one himself.
alter table net.http_request_queue set (vacuum_truncate = off);
alter table net._http_response set (vacuum_truncate = off);

create or replace function net._urlencode_string(string varchar)
returns text
language sql
immutable
strict
set search_path = ''
as $$
  select string_agg(
    case when letter ~ '^[A-Za-z0-9._~-]?$' then letter
      else regexp_replace(encode(convert_to(letter, 'UTF8'), 'hex'), '(..)', '%\1', 'g') end,
    '' order by position
  )
  from regexp_split_to_table(string, '') with ordinality as letters (letter, position)
$$;

-- Puts a request into the queue, and wakes the sender when the transaction commits. Raises for what is no URL.
create or replace function net._enqueue(
  method text,
  url text,
  params jsonb,
  headers jsonb,
  body jsonb,
  timeout_milliseconds integer
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  query text;
  request_id bigint;
begin
  if url !~* '^https?://[^/?#\s]+([/?#]\S*)?$' then
    raise exception 'invalid URL "%"', url;
  end if;
  select string_agg(net._urlencode_string(param.key) || '=' || net._urlencode_string(param.value), '&') into query
  from jsonb_each_text(params) as param;

  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (
    method,
    url || coalesce(case when strpos(url, '?') > 0 then '&' else '?' end || query, ''),
    headers,
    convert_to(body::text, 'UTF8'),
    timeout_milliseconds
  )
  returning id into request_id;
  perform pg_notify('net', '');
  return request_id;
end
$$;

create or replace function net.http_get(
  url text,
  params jsonb default '{}',
  headers jsonb default '{}',
  timeout_milliseconds integer default 5000
)
returns bigint
language sql
set search_path = ''
as $$
  select net._enqueue('GET', url, params, headers, null, timeout_milliseconds)
$$;

create or replace function net.http_post(
  url text,
  body jsonb default '{}',
  params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}',
  timeout_milliseconds integer default 5000
)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  content_type text;
begin
  select header.value into content_type
  from jsonb_each_text(headers) as header
  where lower(header.key) = 'content-type'
  limit 1;
  if content_type <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  elsif content_type is null then
    headers := headers || '{"Content-Type": "application/json"}';
  end if;
  return net._enqueue('POST', url, params, headers, body, timeout_milliseconds);
end
$$;

create or replace function net.http_delete(
  url text,
  params jsonb default '{}',
  headers jsonb default '{}',
  timeout_milliseconds integer default 5000,
  body jsonb default null
)
returns bigint
language sql
set search_path = ''
as $$
  select net._enqueue('DELETE', url, params, headers, body, timeout_milliseconds)
$$;

revoke execute on all functions in schema net from public;
grant usage on schema net to postgres;
grant usage on all sequences in schema net to postgres;
grant select, insert, delete on all tables in schema net to postgres;
grant execute on all functions in schema net to postgres;
