import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { withConnection } from "../../local/postgres/connection.ts";
import { sql, stack } from "../world/world.ts";

const ours = sql`in ('public'::regnamespace, 'private'::regnamespace)`;

async function functionsOf(role: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select pronamespace::regnamespace || '.' || proname || '(' || pg_get_function_identity_arguments(oid) || ')' as name
    from pg_proc
    where pronamespace ${ours} and has_function_privilege(${role}, oid, 'execute')
    order by 1
  `;
  return rows.map(({ name }) => name);
}

/** What a role may do with each table: the columns of a command, or `all`. Tables it may not touch are left out. */
async function tablesOf(role: string): Promise<Record<string, string>> {
  const rows = await sql<{ what: string; columns: string }[]>`
    select command || ' ' || relnamespace::regnamespace || '.' || relname as what,
      case when has_table_privilege(${role}, pg_class.oid, command) then 'all' else columns end as columns
    from pg_class,
      unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as command,
      lateral (
        select string_agg(attname, ', ' order by attnum) as columns from pg_attribute
        where attrelid = pg_class.oid and attnum > 0 and not attisdropped
          and command in ('select', 'insert', 'update', 'references')
          and has_column_privilege(${role}, attrelid, attnum, command)
      ) as granted
    where relnamespace ${ours} and relkind in ('r', 'p', 'v', 'm')
      and (has_table_privilege(${role}, pg_class.oid, command) or columns is not null)
    order by 1
  `;
  return Object.fromEntries(rows.map(({ what, columns }) => [what, columns]));
}

Deno.test("what is made later is granted to nobody by itself, though the platform grants it", async () => {
  const rollback = new Error("rolled back");
  const looking = withConnection(stack.superuserUrl, (superuser) =>
    superuser.begin(async (tx) => {
      // As a stack that starts again does: the platform's default privileges do not come back.
      await tx.unsafe(await Deno.readTextFile(join(import.meta.dirname ?? ".", "../../local/postgres/platform.sql")));
      await tx.unsafe(`
        create table public.memoirs ();
        set local role postgres;
        create table public.diaries ();
        create function public.read_diaries() returns integer language sql as 'select 1';
        create function private.read_diaries() returns integer language sql as 'select 1';
      `);
      const rows = await tx<{ name: string; role: string }[]>`
        select name, case grantee when 0 then 'public' else grantee::regrole::text end as role
        from (
          select oid::regclass::text as name, relacl as acl from pg_class where relname in ('memoirs', 'diaries')
          union all
          select oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner)) from pg_proc where proname = 'read_diaries'
        ) as made, aclexplode(acl)
        where grantee <> 'postgres'::regrole and grantee::regrole::text <> 'supabase_admin'
        group by 1, 2 order by 1, 2
      `;
      // What is a superuser's own shows that the platform does grant.
      assertEquals(rows.map(({ name, role }) => `${name} ${role}`), [
        "memoirs anon",
        "memoirs authenticated",
        "memoirs service_role",
      ]);
      throw rollback;
    }));
  assertEquals(await looking.catch((error) => error), rollback);
});

Deno.test("users of the platform touch no table and call no function of ours, strangers those that take a token", async () => {
  assertEquals([await tablesOf("authenticated"), await functionsOf("authenticated")], [{}, []]);
  const [{ sees }] = await sql`select has_schema_privilege('authenticated', 'private', 'usage') as sees`;
  assertEquals(sees, false);
  const submission =
    "submit_referral(token text, first_name text, last_name text, email text, phone text, category text, message text, consent boolean)";
  assertEquals([await tablesOf("anon"), await functionsOf("anon")], [{}, [
    "private.referral_form(token text)",
    `private.${submission}`,
    "private.unsubscribe(token text)",
    "private.unsubscribe_form(token text)",
    "private.view_referral_request(token text)",
    "public.referral_form(token text)",
    `public.${submission}`,
    "public.unsubscribe(token text)",
    "public.unsubscribe_form(token text)",
    "public.view_referral_request(token text)",
  ]]);
});

Deno.test("a key can touch exactly these tables and columns", async () => {
  assertEquals(await tablesOf("api_key"), {
    "delete public.automation_actions": "all",
    "delete public.automations": "all",
    "delete public.crm_pipeline_stages": "all",
    "delete public.crm_pipelines": "all",
    "delete public.referrals": "all",
    "delete public.webhook_subscriptions": "all",
    "insert public.automation_actions": "automation_id, action_type, sequence, config",
    "insert public.automations": "name, description, trigger_type, stage_id, conditions, enabled, priority",
    "insert public.crm_contacts": "first_name, last_name, email, phone, job_title, source, archived_at",
    "insert public.crm_deal_placements": "deal_id, pipeline_id, stage_id, position",
    "insert public.crm_deals": "name, status, contact_id, value, currency, lead_source, tags, notes, metadata",
    "insert public.crm_pipeline_stages": "pipeline_id, name, position, place",
    "insert public.crm_pipelines": "name",
    "insert public.referrals":
      "referrer_contact_id, referred_contact_id, referred_deal_id, source, status, category, notes",
    "select public.audit_log": "all",
    "select public.automation_actions": "all",
    "select public.automation_runs": "all",
    "select public.automations": "all",
    "select public.companies": "all",
    "select public.company_settings": "all",
    "select public.crm_contacts": "all",
    "select public.crm_deal_placements": "all",
    "select public.crm_deals": "all",
    "select public.crm_pipeline_stages": "all",
    "select public.crm_pipelines": "all",
    "select public.expired_requests": "all",
    "select public.placed_deals": "all",
    "select public.referral_requests": "all",
    "select public.referrals": "all",
    "select public.webhook_deliveries": "all",
    "select public.webhook_subscriptions": "all",
    "update public.automation_actions": "action_type, sequence, config",
    "update public.automations": "name, description, trigger_type, stage_id, conditions, enabled, priority",
    "update public.companies":
      "name, logo_url, primary_color, contact_email, country, timezone, slug, description, contact_name, phone, secondary_color, address, industry, website_url, abn",
    "update public.company_settings":
      "referral_categories, lead_sources, referral_pipeline_id, referral_stage_id, mail_recipients, mail_form_contacts",
    "update public.crm_contacts": "first_name, last_name, email, phone, job_title, source, archived_at",
    "update public.crm_deal_placements": "stage_id, position",
    "update public.crm_deals": "name, status, contact_id, value, currency, lead_source, tags, notes, metadata",
    "update public.crm_pipeline_stages": "name, position",
    "update public.crm_pipelines": "name",
    "update public.referrals": "referred_contact_id, referred_deal_id, status, category, notes",
    "update public.webhook_subscriptions": "url, events, enabled",
  });
});

Deno.test("a key can call exactly these functions", async () => {
  assertEquals(await functionsOf("api_key"), [
    "private.are_conditions(conditions jsonb)",
    "private.are_distinct_labels(labels text[])",
    "private.are_emails(given text[])",
    "private.are_tags(tags jsonb)",
    "private.ascii_domain(domain text)",
    "private.ask_for_referral(contact uuid, deal uuid, token text, unsubscribe_token text, subject_override text, intro_html text, how_it_works_html text, expires_in_days integer, force boolean)",
    "private.attribute_opportunity(opportunity_id uuid, referrer_contact_id uuid, category text, keeps_category boolean)",
    "private.automation_run(run_id uuid)",
    "private.calling_country()",
    "private.calling_key()",
    "private.calling_key_card()",
    "private.claimed_company()",
    "private.claims()",
    "private.company_for(VARIADIC scopes text[])",
    "private.contact_with_email(email text)",
    "private.convert_referral(referral_id uuid)",
    "private.create_webhook_subscription(url text, events text[], enabled boolean, secret text)",
    "private.currency_decimals(currency text)",
    "private.deal_contact(deal_id uuid)",
    "private.deal_placements(deal_id uuid)",
    "private.deal_referrer(deal_id uuid)",
    "private.email_key(email text)",
    "private.folded(given text)",
    "private.give_back_credits(charge uuid)",
    "private.has_contact(contact_id uuid)",
    "private.is_action_config(action_type text, config jsonb)",
    "private.is_email(given text)",
    "private.is_line(given text)",
    "private.is_name(given text)",
    "private.is_time_zone(name text)",
    "private.is_webhook_url(url text)",
    "private.may_write_referrals()",
    "private.punycode(label text)",
    "private.record_request_mail(request_id uuid, email_id text, email_error text)",
    "private.record_thank_you(referral_id uuid, attempt integer, email_id text, error text)",
    "private.referral_history(referral_id uuid)",
    "private.referral_leaderboard(max_entries integer, only_converted boolean)",
    "private.referral_opportunity(referral_id uuid)",
    "private.referral_referred_contact(referral_id uuid)",
    "private.referral_referrer(referral_id uuid)",
    "private.refuse(status integer, code text, message text, details text, hint text, retry_after integer)",
    "private.remove_contact(contact_id uuid, force boolean)",
    "private.remove_opportunity(opportunity_id uuid)",
    "private.renew_referral_request(request_id uuid, token text, unsubscribe_token text)",
    "private.replay_webhook_delivery(delivery_id uuid)",
    "private.rotate_webhook_secret(subscription_id uuid, secret text)",
    "private.run_action_results(run_id uuid)",
    "private.run_trigger_data(run_id uuid)",
    "private.start_action_run(automation_id uuid, action_id uuid, trigger_data jsonb)",
    "private.start_automation_run(automation_id uuid, trigger_data jsonb)",
    "private.take_requests(count integer, cost integer)",
    "private.test_webhook(subscription_id uuid)",
    "private.thank_you_outcome(referral_id uuid)",
    "private.unsubscribe_contact(contact_id uuid)",
    "private.webhook_in_the_way(url text)",
    "private.withdraw_referral_request(request_id uuid)",
    "public.action_results(automation_runs)",
    "public.ask_for_referral(contact uuid, token text, unsubscribe_token text, deal uuid, subject_override text, intro_html text, how_it_works_html text, expires_in_days integer, force boolean)",
    "public.attribute_opportunity(opportunity_id uuid, referrer_contact_id uuid, category text, keeps_category boolean)",
    "public.automation_run(run_id uuid)",
    "public.calling_country()",
    "public.calling_key_card()",
    "public.contact(crm_deals)",
    "public.contact_with_email(email text)",
    "public.convert_referral(referral_id uuid)",
    "public.create_automation(automation jsonb, actions jsonb)",
    "public.create_pipeline(name text, stages jsonb)",
    "public.create_webhook_subscription(url text, events text[], enabled boolean, secret text)",
    "public.give_back_credits(charge uuid)",
    "public.has_contact(contact_id uuid)",
    "public.listed_at(automation_actions)",
    "public.listed_at(automation_runs)",
    "public.listed_at(automations)",
    "public.listed_at(crm_contacts)",
    "public.listed_at(crm_deals)",
    "public.listed_at(crm_pipelines)",
    "public.listed_at(referral_requests)",
    "public.listed_at(referrals)",
    "public.listed_at(webhook_deliveries)",
    "public.listed_at(webhook_subscriptions)",
    "public.move_opportunity(opportunity_id uuid, target_pipeline_id uuid, target_stage_id uuid, target_position integer, skip_automations boolean, skip_action_ids uuid[])",
    "public.opportunity(referrals)",
    "public.placements(crm_deals)",
    "public.record_request_mail(request_id uuid, email_id text, email_error text)",
    "public.record_thank_you(referral_id uuid, attempt integer, email_id text, error text)",
    "public.referral_history(referral_id uuid)",
    "public.referral_in_the_way(chain jsonb, changed_id uuid)",
    "public.referral_leaderboard(max_entries integer, only_converted boolean)",
    "public.referred_contact(referrals)",
    "public.referrer(crm_deals)",
    "public.referrer(referrals)",
    "public.remove_contact(contact_id uuid, force boolean)",
    "public.remove_opportunity(opportunity_id uuid)",
    "public.renew_referral_request(request_id uuid, token text, unsubscribe_token text)",
    "public.reorder_actions(automation_id uuid, action_ids uuid[])",
    "public.replay_webhook_delivery(delivery_id uuid)",
    "public.require_scope(scope text)",
    "public.rotate_webhook_secret(subscription_id uuid, secret text)",
    "public.stages(crm_pipelines)",
    "public.start_action_run(automation_id uuid, action_id uuid, trigger_data jsonb)",
    "public.start_automation_run(automation_id uuid, trigger_data jsonb)",
    "public.status(request referral_requests)",
    "public.take_requests(count integer, cost integer)",
    "public.test_webhook(subscription_id uuid)",
    "public.thank_you_outcome(referral_id uuid)",
    "public.trigger_data(automation_runs)",
    "public.unsubscribe_contact(contact_id uuid)",
    "public.webhook_in_the_way(url text)",
    "public.withdraw_referral_request(request_id uuid)",
  ]);
});

Deno.test("the dispatcher's role may do all with each table that is exposed but read the audit log only, and nothing with views and what is private", async () => {
  const rows = await sql<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
  `;
  const commands = ["select", "insert", "update", "delete", "truncate", "references", "trigger"];
  const all = rows.flatMap(({ name }) =>
    (name === "audit_log" ? ["select"] : commands).map((command) => [`${command} public.${name}`, "all"])
  );

  assertEquals(await tablesOf("service_role"), Object.fromEntries(all));
});

Deno.test("the dispatcher's role can call exactly these functions", async () => {
  assertEquals(await functionsOf("service_role"), [
    "private.accept_wake_up(issued_at bigint, signature text)",
    "private.action_results_of(run_id uuid)",
    "private.admit_mail(run_id uuid, action_id uuid, contact uuid, address text)",
    "private.are_emails(given text[])",
    "private.as_id(text_of_id text)",
    "private.ascii_domain(domain text)",
    "private.brand(company companies)",
    "private.claim_work(most_deliveries integer, most_runs integer, busy uuid[])",
    "private.contact_card(contact crm_contacts)",
    "private.currency_decimals(currency text)",
    "private.delivery_jobs(ids uuid[])",
    "private.email_key(email text)",
    "private.finish_run(run_id uuid, status text, actions_total integer, error text)",
    "private.fits_a_mail(html text)",
    "private.folded(given text)",
    "private.form_address_key()",
    "private.is_email(given text)",
    "private.is_line(given text)",
    "private.is_name(given text)",
    "private.is_time_zone(name text)",
    "private.punycode(label text)",
    "private.record_action(run_id uuid, result jsonb)",
    "private.record_deliveries(outcomes jsonb)",
    "private.refusal_of(automation automations, action automation_actions)",
    "private.run_attribute_referral(run_id uuid, action_id uuid, request jsonb)",
    "private.run_call_webhook(run_id uuid, action_id uuid)",
    "private.run_context(workspace uuid, trigger_data jsonb)",
    "private.run_job(run automation_runs)",
    "private.skipped_by(event_id uuid)",
    "private.trigger_data_of(run automation_runs)",
    "private.wake_dispatcher()",
    "public.accept_wake_up(issued_at bigint, signature text)",
    "public.admit_mail(run_id uuid, action_id uuid, contact uuid, address text)",
    "public.claim_work(most_deliveries integer, most_runs integer, busy uuid[])",
    "public.delivery_jobs(ids uuid[])",
    "public.finish_run(run_id uuid, status text, actions_total integer, error text)",
    "public.form_address_key()",
    "public.record_action(run_id uuid, result jsonb)",
    "public.record_deliveries(outcomes jsonb)",
    "public.run_attribute_referral(run_id uuid, action_id uuid, request jsonb)",
    "public.run_call_webhook(run_id uuid, action_id uuid)",
    "public.run_job(run_id uuid)",
    "public.wake_dispatcher()",
  ]);
});

Deno.test("the role of keys is nobody by itself, and has little time", async () => {
  const [role] = await sql`
    select rolcanlogin, rolinherit, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolconfig,
      array(select roleid::regrole::text from pg_auth_members where member = pg_roles.oid) as member_of,
      array(
        select member::regrole::text from pg_auth_members
        where roleid = pg_roles.oid and to_jsonb(pg_auth_members) ->> 'set_option' is distinct from 'false'
      ) as becomes
    from pg_roles where rolname = 'api_key'
  `;

  assertEquals({ ...role }, {
    rolcanlogin: false,
    rolinherit: false,
    rolsuper: false,
    rolbypassrls: false,
    rolcreaterole: false,
    rolcreatedb: false,
    rolreplication: false,
    rolconfig: [
      "statement_timeout=2s",
      "enable_seqscan=off",
      "enable_bitmapscan=off",
      "enable_hashjoin=off",
      "enable_mergejoin=off",
      "enable_material=off",
      "jit=off",
      "plan_cache_mode=force_generic_plan",
    ],
    member_of: [],
    becomes: ["authenticator"],
  });
});
