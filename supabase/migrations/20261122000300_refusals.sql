-- How the database says no to a caller.

-- Refuses the caller's statement with an HTTP status and one of the API's error codes (docs/guide.md, "Errors"), as PostgREST's
-- own `raise sqlstate 'PGRST'` convention has it: the data API passes it on unchanged. `details` is the field that it is
-- about; `hint` lists what would be accepted ("Accepted: …"), or says what to do where the code's own fix does not fit.
-- `retry_after` is in seconds.
create function private.refuse(
  status integer,
  code text,
  message text,
  details text default null,
  hint text default null,
  retry_after integer default null
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  raise sqlstate 'PGRST' using
    message = json_build_object('code', code, 'message', message, 'details', details, 'hint', hint)::text,
    detail = json_build_object(
      'status', status,
      'headers', case when retry_after is null then json_build_object()
        else json_build_object('Retry-After', retry_after::text) end
    )::text;
end
$$;
grant execute on function private.refuse(integer, text, text, text, text, integer) to api_key;

-- To Postgres a view that it cannot write is a fault of the view; to a caller it is a right that nobody has.
create function private.refuse_write()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise insufficient_privilege using message = format('The view %s cannot be written.', tg_table_name);
end
$$;
