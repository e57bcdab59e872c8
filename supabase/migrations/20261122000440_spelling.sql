-- One thing in several spellings: names with and without accents, addresses of international domains.

-- A text as it is searched: small letters without accents, ligatures apart, one apostrophe and one dash. The same as
-- `contract/folding.ts`. Our own, because `unaccent` is not immutable, and leaves apostrophes alone.
create function private.folded(given text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  if given ~ '^[\x20-\x5f\x61-\x7e]*$' then
    return lower(given);
  end if;
  return replace(replace(replace(replace(
    translate(
      lower(regexp_replace(
        normalize(translate(given, '´`‘’‚‛ʹʻʼʽˈ′‐‑‒–—―−', '''''''''''''''''''''''''-------'), nfkd), '[\u0300-\u036f]', '', 'g'
      )),
      'øłđðħıŧς', 'olddhitσ'
    ),
    'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
end
$$;
grant execute on function private.folded(text) to api_key, service_role;

-- A label of a domain in ASCII: Punycode, RFC 3492.
create function private.punycode(label text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  digits constant text := 'abcdefghijklmnopqrstuvwxyz0123456789';
  points integer[] := array(select ascii(letter) from regexp_split_to_table(label, '') as letter);
  written text := regexp_replace(label, '[^\x01-\x7f]', '', 'g');
  basic integer := length(written);
  handled integer := basic;
  least_point integer := 128;
  next_point integer;
  point integer;
  delta bigint := 0;
  bias integer := 72;
  rest bigint;
  place integer;
  threshold integer;
begin
  if basic > 0 then
    written := written || '-';
  end if;
  while handled < cardinality(points) loop
    select min(given) into next_point from unnest(points) as given where given >= least_point;
    delta := delta + (next_point - least_point)::bigint * (handled + 1);
    least_point := next_point;
    foreach point in array points loop
      if point < least_point then
        delta := delta + 1;
      elsif point = least_point then
        rest := delta;
        place := 36;
        loop
          threshold := least(greatest(place - bias, 1), 26);
          exit when rest < threshold;
          written := written || substr(digits, (threshold + (rest - threshold) % (36 - threshold) + 1)::integer, 1);
          rest := (rest - threshold) / (36 - threshold);
          place := place + 36;
        end loop;
        written := written || substr(digits, (rest + 1)::integer, 1);
        delta := delta / case when handled = basic then 700 else 2 end;
        delta := delta + delta / (handled + 1);
        bias := 0;
        while delta > 455 loop
          delta := delta / 35;
          bias := bias + 36;
        end loop;
        bias := bias + (36 * delta / (delta + 38))::integer;
        delta := 0;
        handled := handled + 1;
      end if;
    end loop;
    delta := delta + 1;
    least_point := least_point + 1;
  end loop;
  return 'xn--' || written;
end
$$;
grant execute on function private.punycode(text) to api_key, service_role;

-- A domain as mail servers spell it: in small ASCII letters.
create function private.ascii_domain(domain text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  if domain ~ '^[\x01-\x7f]*$' then
    return lower(domain);
  end if;
  return (
    select string_agg(case when label ~ '^[\x01-\x7f]*$' then label else private.punycode(label) end, '.' order by place)
    from regexp_split_to_table(lower(normalize(domain, nfkc)), '[.。]') with ordinality as labels (label, place)
  );
end
$$;
grant execute on function private.ascii_domain(text) to api_key, service_role;

-- An email address as it is compared: without case, and its domain in ASCII.
create function private.email_key(email text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  if email ~ '^[\x01-\x7f]*$' then
    return lower(email);
  end if;
  -- A capital sigma does not tell which of its two small ones it was.
  return translate(lower(normalize(substring(email from '^(.*)@'), nfc)), 'ς', 'σ') || '@' || private.ascii_domain(substring(email from '[^@]*$'));
end
$$;
grant execute on function private.email_key(text) to api_key, service_role;
