import { assertEquals, assertNotEquals } from "@std/assert";
import type postgres from "postgres";
import { sql } from "../world/world.ts";

/** Says what must never be in the database: `offenders` finds it, and finds each of the `violations` when it is made. */
type Guard = { offenders: string; violations: string[] };

const ours = "in ('public'::regnamespace, 'private'::regnamespace)";
const functions = `
  (select * from pg_proc where pronamespace ${ours}
    and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')) as functions`;
const policies = "(select *, array_remove(array[qual, with_check], null) as tests from pg_policies) as policies";

const guards: Record<string, Guard> = {
  "every table of the exposed schema has row level security": {
    offenders: `
      select relname from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity`,
    violations: ["create table public.diaries ()", "alter table public.api_keys disable row level security"],
  },
  "the exposed schema has no definer": {
    offenders: `select proname from ${functions} where pronamespace = 'public'::regnamespace and prosecdef`,
    violations: ["alter function public.calling_country() security definer"],
  },
  "every function has an empty search_path": {
    offenders: `select proname from ${functions} where not coalesce(proconfig @> array['search_path=""'], false)`,
    violations: [
      "alter function private.company_for(text[]) reset search_path",
      "alter function public.require_scope(text) set search_path = public",
    ],
  },
  "every definer that a key can call asks for the key's workspace, or for the key": {
    offenders: `
      select proname from ${functions}
      where prosecdef and has_function_privilege('api_key', functions.oid, 'execute')
        and proname <> 'company_for' and prosrc !~ 'private\\.(company_for|require_company|open_request|calling_key)\\('`,
    violations: [`
      create function private.all_emails() returns setof text language sql security definer set search_path = ''
        as 'select email from public.crm_contacts';
      grant execute on function private.all_emails() to api_key`],
  },
  "no trigger function can be called by a key": {
    offenders: `
      select proname from ${functions}
      where prorettype = 'trigger'::regtype and has_function_privilege('api_key', functions.oid, 'execute')`,
    violations: ["grant execute on function private.touch_updated_at() to api_key"],
  },
  "every policy names the role api_key, and no other": {
    offenders: "select policyname from pg_policies where schemaname = 'public' and roles <> array['api_key']::name[]",
    violations: [`create policy "all" on public.api_keys for select using (true)`],
  },
  "every policy begins with the row's workspace, compared to the calling key's": {
    offenders: `
      select policyname from ${policies}, unnest(tests) as test
      where schemaname = 'public'
        and test !~ case when tablename = 'companies'
          then '^\\(+id = \\( SELECT private\\.company_for\\('
          else '^\\(+company_id = \\( SELECT private\\.company_for\\(' end`,
    violations: [
      `create policy "all" on public.api_keys for select to api_key using (true)`,
      `alter policy "keys with opportunities:write change opportunities" on public.crm_deals with check (true)`,
    ],
  },
  "every policy wraps its calls in a select, so that they run once a statement": {
    offenders: `
      select policyname from ${policies}, unnest(tests) as test
      where schemaname = 'public' and regexp_replace(
        test, '\\( SELECT private\\.company_for\\(VARIADIC ARRAY\\[[^]]*\\]\\) AS company_for\\)', '', 'g'
      ) ~ '[a-z0-9_]\\('`,
    violations: [`
      alter policy "keys with referrals:read see their workspace's referrals" on public.referrals
        using (company_id = private.company_for('referrals:read'))`],
  },
  "a command has one policy for a table and a role": {
    offenders: `
      select tablename, command, role from ${policies}, unnest(roles) as role,
        unnest(case cmd when 'ALL' then array['SELECT', 'INSERT', 'UPDATE', 'DELETE'] else array[cmd] end) as command
      where permissive = 'PERMISSIVE'
      group by schemaname, tablename, command, role having count(*) > 1`,
    violations: [`
      create policy "more" on public.crm_deals to api_key
        using (company_id = (select private.company_for('opportunities:read')))`],
  },
  "a command that keys are granted has its policy, so that it is never silence": {
    offenders: `
      select relname, command from pg_class, unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as command
      where relnamespace = 'public'::regnamespace and relkind = 'r'
        and (has_table_privilege('api_key', pg_class.oid, command)
          or command <> 'DELETE' and has_any_column_privilege('api_key', pg_class.oid, command))
        and not exists (select from pg_policies where tablename = relname and cmd = command)`,
    violations: ["grant delete on public.crm_contacts to api_key", "grant select (id) on public.api_keys to api_key"],
  },
  "every foreign key has an index that begins with its columns in their order": {
    offenders: `
      select conname from pg_constraint
      where contype = 'f' and connamespace ${ours} and not exists (
        select from pg_index
        where indrelid = conrelid and indpred is null and indisvalid
          and (indkey::int2[])[0:cardinality(conkey) - 1] = conkey)`,
    violations: [
      "drop index public.referrals_referred_deal",
      "drop index public.crm_pipelines_created_at, public.crm_pipelines_updated_at",
    ],
  },
  "a reference between tables of workspaces begins with the id and holds the workspace": {
    offenders: `
      select conname from pg_constraint
      join pg_attribute as mine on mine.attrelid = conrelid and mine.attname = 'company_id'
      join pg_attribute as theirs on theirs.attrelid = confrelid and theirs.attname = 'company_id'
      where contype = 'f' and connamespace ${ours} and (
        (select attname from pg_attribute where attrelid = confrelid and attnum = confkey[1]) <> 'id'
        or array_position(conkey, mine.attnum) is null
        or array_position(conkey, mine.attnum) is distinct from array_position(confkey, theirs.attnum))`,
    violations: [
      "alter table public.crm_deals add foreign key (contact_id) references public.crm_contacts (id)",
      `alter table public.crm_contacts add unique (company_id, id);
        alter table public.crm_deals add foreign key (company_id, contact_id) references public.crm_contacts (company_id, id)`,
    ],
  },
  "no unique index over what keys may write spans workspaces: it would tell of foreign rows": {
    offenders: `
      select indexrelid::regclass from pg_index
      join pg_attribute as tenant on tenant.attrelid = indrelid and tenant.attname = 'company_id'
      join pg_class on pg_class.oid = indrelid and relnamespace = 'public'::regnamespace
      where indisunique and tenant.attnum <> all (indkey) and exists (
        select from unnest(indkey) as key
        where key > 0 and (has_column_privilege('api_key', indrelid, key, 'insert')
          or has_column_privilege('api_key', indrelid, key, 'update')))`,
    violations: ["create unique index on public.referrals (referrer_contact_id, notes) where false"],
  },
  "a view of the exposed schema sees with its reader's eyes": {
    offenders: `
      select relname from pg_class
      where relnamespace = 'public'::regnamespace
        and (relkind = 'm' or relkind = 'v' and not coalesce(reloptions @> '{security_invoker=true}', false))`,
    violations: [
      "create view public.everyone as select * from public.crm_contacts",
      "create materialized view public.everyone as select * from public.crm_contacts",
    ],
  },
  "every timestamp has a time zone and milliseconds": {
    offenders: `
      select relname, attname from pg_attribute join pg_class on pg_class.oid = attrelid
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') and (
        atttypid = 'timestamp'::regtype or atttypid = 'timestamptz'::regtype and atttypmod <> 3)`,
    violations: [
      "alter table public.crm_deals add column closed_at timestamptz",
      "alter table public.crm_deals add column closed_at timestamp(3)",
    ],
  },
};

async function inVain(violation: string, look: (tx: postgres.TransactionSql) => Promise<void>): Promise<void> {
  const rollback = new Error("rolled back");
  await sql.begin(async (tx) => {
    await tx.unsafe(violation);
    await look(tx);
    throw rollback;
  }).catch((error) => {
    if (error !== rollback) throw error;
  });
}

for (const [promise, { offenders, violations }] of Object.entries(guards)) {
  Deno.test(`${promise}; the guard would see it`, async () => {
    assertEquals([...await sql.unsafe(offenders)], []);
    for (const violation of violations) {
      await inVain(violation, async (tx) => assertNotEquals([...await tx.unsafe(offenders)], [], violation));
    }
  });
}
