-- How many rows a workspace has of what may grow large, so that a limit needs no counting: sixteen counters each, of which a
-- writer takes one, so that writers seldom meet.

create table private.row_counts (
  company_id uuid not null references public.companies on delete cascade,
  name text not null check (name in ('contacts', 'open_requests')),
  shard smallint not null,
  rows bigint not null,
  primary key (company_id, name, shard)
);

create function private.counted_rows(workspace uuid, name text)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce(
    (
      select sum(rows) from private.row_counts
      where row_counts.company_id = workspace and row_counts.name = counted_rows.name
    ),
    0
  );
end
$$;

-- Counts rows that a statement has added or removed; raises 409 for those that are more than the workspace may have. Near the
-- limit the writers of a workspace go one by one, each seeing what the one before it added.
create function private.count_rows(workspace uuid, name text, added bigint)
returns void
language plpgsql
set search_path = ''
as $$
declare
  maximum integer;
  held bigint;
begin
  -- Rows that go with their workspace are nobody's any more.
  insert into private.row_counts (company_id, name, shard, rows)
  select workspace, count_rows.name, pg_backend_pid() % 16, added
  where exists (select from public.companies where id = workspace)
  on conflict on constraint row_counts_pkey do update set rows = row_counts.rows + added;
  if added <= 0 then
    return;
  end if;

  maximum := private.limit_of(workspace, name);
  held := private.counted_rows(workspace, name);
  if held > maximum - greatest(maximum / 10, 1000) then
    perform pg_advisory_xact_lock(hashtextextended(name || ' of ' || workspace, 0));
    held := private.counted_rows(workspace, name);
  end if;
  if held > maximum then
    perform private.refuse_over_limit(name, maximum);
  end if;
end
$$;
