import { assertEquals } from "@std/assert";
import postgres from "postgres";
import { type Json, sql, stack, workspace } from "../world/world.ts";

const rollBack = new Error("rolled back");

Deno.test("what is older than 30 days and done is cleaned up, what is younger or not done stays", async () => {
  const clinic = await workspace("Harbour Health");
  let left: unknown;

  // In one transaction, that is rolled back: nothing of it is ever dispatched.
  await sql.begin(async (tx) => {
    const [{ on, off, automation }] = await tx`
      with subscription as (
        insert into webhook_subscriptions (company_id, url, enabled)
        select ${clinic.companyId}, 'https://crm.example.com', enabled from (values (true), (false)) as given (enabled)
        returning id, enabled
      ), automation as (
        insert into automations (company_id, name, trigger_type) values (${clinic.companyId}, 'Thank', 'referral_attributed')
        returning id
      )
      select (select id from subscription where enabled) as on, (select id from subscription where not enabled) as off,
        (select id from automation) as automation
    `;
    const made = async (name: string, age: string, subscription: string, status: string) => {
      await tx`
        with event as (
          insert into private.events (company_id, type, data, occurred_at, fanned_out_at)
          values (${clinic.companyId}, ${name}, '{}', now() - ${age}::interval, now()) returning *
        ), delivery as (
          insert into webhook_deliveries (company_id, subscription_id, event_id, event_type, status, due_at, created_at)
          select company_id, ${subscription}, id, type, ${status}, case ${status} when 'pending' then now() end, occurred_at
          from event
        )
        insert into automation_runs
          (company_id, automation_id, event_id, trigger_type, status, due_at, created_at)
        select company_id, ${automation}, id, type,
          case ${status} when 'pending' then 'running' else 'completed' end,
          case ${status} when 'pending' then now() end, occurred_at
        from event
      `;
    };
    const [old, young] = ["30 days 1 minute", "29 days 23 hours"];
    await made("old and delivered", old, on, "delivered");
    await made("old and failed", old, on, "failed");
    await made("old and pending", old, on, "pending");
    await made("old, pending, disabled", old, off, "pending");
    await made("young and delivered", young, on, "delivered");
    await made("young and failed", young, on, "failed");
    await tx`
      insert into private.events (company_id, type, data, occurred_at)
      values (${clinic.companyId}, 'old and not told', '{}', now() - ${old}::interval)
    `;
    const [expiring, kept] = await tx`
      select private.issue_webhook_secret(${on}) as secret from generate_series(1, 2)
    `;
    await tx`update private.webhook_secrets set expires_at = now() - interval '1 second' where expires_at is not null`;

    await tx`select private.clean_up()`;

    const names = async (table: string, column: string) =>
      (await tx`select ${tx(column)} as name from ${tx(table)} where company_id = ${clinic.companyId} order by 1`)
        .map(({ name }) => name);
    const secrets = await tx`
      select decrypted_secret as secret from vault.decrypted_secrets
      where decrypted_secret in ${tx([expiring.secret, kept.secret])}
    `;
    left = {
      deliveries: await names("public.webhook_deliveries", "event_type"),
      runs: await names("public.automation_runs", "trigger_type"),
      events: await names("private.events", "type"),
      secrets: secrets.map(({ secret }) => secret === kept.secret),
    };
    throw rollBack;
  }).catch((error) => {
    if (error !== rollBack) throw error;
  });

  const young = ["young and delivered", "young and failed"];
  assertEquals(left, {
    deliveries: ["old and pending", ...young],
    // A run is not the subscription's: it goes on, about its event.
    runs: ["old and pending", "old, pending, disabled", ...young],
    events: ["old and not told", "old and pending", "old, pending, disabled", ...young],
    secrets: [true],
  });
});

Deno.test("cleaning up is scheduled every day, expiry every minute, and sweeping every five seconds", async () => {
  const jobs = await sql`
    select jobname, schedule, command, active, username from cron.job where jobname like 'referrals %' order by 1
  `;

  assertEquals(jobs.map((job) => Object.values(job)), [
    ["referrals clean-up", "17 3 * * *", "select private.clean_up()", true, "postgres"],
    ["referrals expiry", "* * * * *", "select private.write_expired_requests()", true, "postgres"],
    ["referrals sweep", "5 seconds", "select private.sweep()", true, "postgres"],
  ]);
});

Deno.test("what pg_cron noted of our jobs before yesterday is cleaned up, what it noted since or of others stays", async () => {
  const superuser = postgres(stack.superuserUrl, { max: 1, onnotice: () => {} });
  const left: Json[] = [];

  await superuser.begin(async (tx) => {
    await tx`
      insert into cron.job (jobname, schedule, command, username, active)
      values ('others', '* * * * *', 'select 1', 'postgres', false)
    `;
    const noted = await tx`
      insert into cron.job_run_details (jobid, username, status, start_time, return_message)
      select jobid, username, 'succeeded', now() - age::interval, jobname || ', ' || age
      from cron.job, unnest(array['25 hours', '23 hours']) as age
      where jobname = 'others' or jobname like 'referrals %'
      returning runid
    `;
    const cleanUp = async () => {
      await tx`select private.clean_up()`;
      const rows = await tx`
        select return_message as note from cron.job_run_details
        where runid in ${tx(noted.map(({ runid }) => runid))} order by 1
      `;
      left.push(rows.map(({ note }) => note));
    };
    // It may not be ours to delete: that fails nothing.
    await tx`revoke delete on cron.job_run_details from postgres`;
    await cleanUp();
    await tx`grant delete on cron.job_run_details to postgres`;
    await cleanUp();
    throw rollBack;
  }).catch((error) => {
    if (error !== rollBack) throw error;
  });
  await superuser.end();

  const ours = ["referrals clean-up", "referrals expiry", "referrals sweep"];
  const kept = ["others, 23 hours", "others, 25 hours", ...ours.map((job) => `${job}, 23 hours`)];
  assertEquals(left, [[...kept, ...ours.map((job) => `${job}, 25 hours`)].sort(), kept]);
});
