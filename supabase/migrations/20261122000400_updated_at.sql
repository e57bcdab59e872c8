-- When a row was last changed. Each table that can be listed by it has a function `listed_at` too: when the list was read, by
-- the database's clock. A paging by `updated_at` leaves out what changed since it began.

-- Keeps `updated_at` true on every change, whoever makes it.
create function private.touch_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
