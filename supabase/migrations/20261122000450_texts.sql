-- What a name and an address may be, wherever a column holds one.

-- Whether a text is one line: no line breaks and no other control characters, which a mail's header would take for its own.
create function private.is_line(given text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return given !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';
end
$$;
grant execute on function private.is_line(text) to api_key, service_role;

-- Whether a text can be a person's name: a line that no mail client makes a link of. A stranger types names into the public
-- form, and mails to others say them.
create function private.is_name(given text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return private.is_line(given) and given !~* '://|www\.';
end
$$;
grant execute on function private.is_name(text) to api_key, service_role;

-- Whether a text is an email address as browsers' `<input type=email>` take it, or an international one (RFC 6531) in either
-- spelling of its domain, of at most 320 characters.
create function private.is_email(given text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return char_length(given) <= 320
    and given ~ '^([a-zA-Z0-9.!#$%&''*+/=?^_`{|}~-]|[^\u0001-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff])+@[^@]+$'
    and private.ascii_domain(substring(given from '[^@]*$'))
      ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$';
end
$$;
grant execute on function private.is_email(text) to api_key, service_role;

-- Whether every one of them is an email address.
create function private.are_emails(given text[])
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return array_position(given, null) is null
    and not exists (select from unnest(given) as address where not private.is_email(address));
end
$$;
grant execute on function private.are_emails(text[]) to api_key, service_role;
