-- Stands in for pg_cron 1.6 where the server lacks it: the extension's schema, signatures and rows; cron.ts runs the jobs.
-- Role `postgres` may do with it what the platform lets it.
-- For a superuser, before the migrations. It may run again.

create schema if not exists cron;

create sequence if not exists cron.jobid_seq;
create sequence if not exists cron.runid_seq;

create table if not exists cron.job (
  jobid bigint primary key default nextval('cron.jobid_seq'),
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default current_setting('port')::integer,
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);

create table if not exists cron.job_run_details (
  jobid bigint,
  runid bigint primary key default nextval('cron.runid_seq'),
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);

-- The seconds of a schedule like '5 seconds', 1 to 59; null for another.
create or replace function cron._seconds(schedule text)
returns integer
language sql
immutable
set search_path = ''
as $$
  select substring(lower(schedule) from '^\s*([1-9]|[1-5][0-9])\s+seconds?\s*$')::integer
$$;

-- The numbers that one of a schedule's five fields names, null when it makes no sense: a list of `*`, numbers, names and
-- ranges, where `*` and ranges may have a step.
create or replace function cron._numbers(field text, lowest integer, highest integer, names text[] default '{}')
returns integer[]
language plpgsql
immutable
set search_path = ''
as $$
declare
  part text[];
  bounds integer[];
  numbers integer[] := '{}';
begin
  for part in
    select regexp_match(item, '^(?:\*|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:/([0-9]{1,2}))?$')
    from unnest(string_to_array(lower(field), ',')) as item
  loop
    if part is null or part[1] is not null and part[2] is null and part[3] is not null or part[3]::integer = 0 then
      return null;
    end if;
    bounds := case when part[1] is null then array[lowest, highest] else array(
      select coalesce(
        array_position(names, word) - 1 + lowest,
        case when word ~ '^[0-9]{1,2}$' then word::integer end
      )
      from unnest(array[part[1], coalesce(part[2], part[1])]) as word
    ) end;
    if not coalesce(bounds[1] >= lowest and bounds[2] <= highest and bounds[1] <= bounds[2], false) then
      return null;
    end if;
    numbers := numbers || array(select generate_series(bounds[1], bounds[2], coalesce(part[3]::integer, 1)));
  end loop;
  return numbers;
end
$$;

-- Whether a schedule of five fields names the minute of this instant, in UTC. Raises for one that makes no sense.
create or replace function cron._is_due(schedule text, instant timestamptz)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
  utc timestamp := instant at time zone 'UTC';
  field text[] := regexp_split_to_array(btrim(schedule, E' \t'), '\s+');
  last_day integer := extract(day from date_trunc('month', utc) + interval '1 month - 1 day');
  minutes integer[] := cron._numbers(field[1], 0, 59);
  hours integer[] := cron._numbers(field[2], 0, 23);
  days integer[] := case field[3] when '$' then array[last_day] else cron._numbers(field[3], 1, 31) end;
  months integer[] := cron._numbers(field[4], 1, 12, '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
  weekdays integer[] := cron._numbers(field[5], 0, 7, '{sun,mon,tue,wed,thu,fri,sat}');
  is_day boolean := extract(day from utc) = any (days);
  is_weekday boolean := extract(dow from utc) = any (weekdays) or extract(isodow from utc) = any (weekdays);
begin
  if cardinality(field) <> 5 or minutes is null or hours is null or days is null or months is null or weekdays is null then
    raise invalid_parameter_value using
      message = 'invalid schedule: ' || schedule,
      hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
  end if;
  return extract(minute from utc) = any (minutes)
    and extract(hour from utc) = any (hours)
    and extract(month from utc) = any (months)
    -- Of a day and a weekday that are both named, either will do.
    and case when field[3] like '*%' or field[5] like '*%' then is_day and is_weekday else is_day or is_weekday end;
end
$$;

-- Whom a definer function was called by: its own `current_user` is its owner.
create or replace function cron._caller()
returns text
language sql
stable
set search_path = ''
as $$
  select coalesce(nullif(current_setting('role'), 'none'), session_user)
$$;

create or replace function cron._schedule(job_name text, schedule text, command text)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  id bigint;
begin
  if cron._seconds(schedule) is null then
    perform cron._is_due(schedule, now());
  end if;
  insert into cron.job (jobname, schedule, command, username)
  values (job_name, schedule, command, cron._caller())
  on conflict on constraint jobname_username_uniq
    do update set schedule = excluded.schedule, command = excluded.command, database = excluded.database
  returning jobid into id;
  return id;
end
$$;

create or replace function cron.schedule(schedule text, command text)
returns bigint
language sql
security definer
set search_path = ''
as $$
  select cron._schedule(null, schedule, command)
$$;

create or replace function cron.schedule(job_name text, schedule text, command text)
returns bigint
language plpgsql
security definer
set search_path = ''
as $$
begin
  if job_name is null then
    raise exception 'job_name can not be NULL';
  end if;
  return cron._schedule(job_name, schedule, command);
end
$$;

create or replace function cron.unschedule(job_id bigint)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from cron.job where jobid = job_id and username = cron._caller();
  if not found then
    raise exception 'could not find valid entry for job %', job_id;
  end if;
  return true;
end
$$;

create or replace function cron.unschedule(job_name text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from cron.job where jobname = job_name and username = cron._caller();
  if not found then
    raise exception 'could not find valid entry for job ''%''', job_name;
  end if;
  return true;
end
$$;

revoke execute on all functions in schema cron from public;
grant usage on schema cron to postgres;
grant select on cron.job to postgres;
grant select, insert, update, delete on cron.job_run_details to postgres;
grant execute on function cron.schedule(text, text), cron.schedule(text, text, text), cron.unschedule(bigint),
  cron.unschedule(text) to postgres;
