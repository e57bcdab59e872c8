import { assert, assertEquals, assertMatch } from "@std/assert";
import postgres from "postgres";
import { listen } from "../world/listener.ts";
import { refusal } from "../world/sql_refusal.ts";
import { eventually, rest, sql, stack, workspace } from "../world/world.ts";

const runs = async (job: string) =>
  await sql`select status, return_message from cron.job_run_details where jobid = ${job} and end_time is not null`;

Deno.test("a job of every second runs as who scheduled it, under one name, until it is unscheduled", async () => {
  const [{ id }] = await sql`select cron.schedule('tick', '59 seconds', 'select 1') as id`;
  const [{ id: again }] = await sql`
    select cron.schedule('tick', '1 seconds', 'do $$ begin raise exception ''I am %'', current_user; end $$') as id
  `;
  const [ran] = await eventually(async () => (await runs(id)).length > 1 ? await runs(id) : undefined);
  await sql`select cron.unschedule('tick')`;
  const settled = await eventually(async () => {
    const rows = await sql`select from cron.job_run_details where jobid = ${id} and status = 'running'`;
    return rows.length === 0 ? await runs(id) : undefined;
  });
  const [{ id: next }] = await sql`select cron.schedule('1 seconds', 'select 1; select 2') as id`;
  await eventually(async () => (await runs(next)).length > 1);
  await sql`select cron.unschedule(${next}::bigint)`;

  assertEquals(again, id);
  assertEquals({ ...ran }, { status: "failed", return_message: "ERROR:  I am postgres" });
  assertEquals((await runs(next))[0].status, "succeeded");
  assertEquals((await runs(id)).length, settled.length);
  assertEquals(await refusal(sql`select cron.unschedule('tick')`), "P0001 could not find valid entry for job 'tick'");
});

Deno.test("a schedule is five fields or seconds, in UTC; another is refused", async () => {
  const bad = ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *"]
    .concat(
      "*/0 * * * *",
      "1/5 * * * *",
      "a * * * *",
      "0 seconds",
      "60 seconds",
      "5 minutes",
      "* * * foo *",
      "1, * * * *",
    );
  for (const schedule of bad) {
    assertEquals(
      await refusal(sql`select cron.schedule(${schedule}, 'select 1')`),
      `22023 invalid schedule: ${schedule}`,
    );
  }

  await using admin = superuser();
  const isDue = async (schedule: string, instant: string) =>
    (await admin.sql`select cron._is_due(${schedule}, ${instant}) as due`)[0].due;
  // A Monday, and the last day of its month.
  const instant = "2026-11-30T10:45:59+01:00";
  const due = [
    "* * * * *",
    "45 9 * * *",
    "*/15 8-17 * * mon-fri",
    "45 9 30 nov *",
    "45 9 1 * 1",
    "45 9 30 * 2",
    "45 9 $ * *",
  ]
    .concat("1,5,40-50/5 * * * *", " 45  9 *  11   1 ", "* * * * 0-6/1");
  const not = [
    "44 * * * *",
    "45 10 * * *",
    "45 9 1 * *",
    "45 9 * * 2",
    "45 9 * 10 *",
    "45 9 1 * 2",
    "* * * * 7",
    "*/2 * * * *",
  ];
  for (const schedule of due) assertEquals([schedule, await isDue(schedule, instant)], [schedule, true]);
  for (const schedule of not) assertEquals([schedule, await isDue(schedule, instant)], [schedule, false]);
  assertEquals(await isDue("* * * * 7", "2026-11-29T00:00:00Z"), true);
});

Deno.test("a secret comes back as it was kept, under a name of its own, and Vault knows where wake-ups go", async () => {
  const name = `test ${crypto.randomUUID()}`;
  const look = async () => (await sql`select * from vault.decrypted_secrets where name = ${name}`)[0];
  const [{ id }] = await sql`select vault.create_secret('hush ü', ${name}, 'for a test') as id`;
  const kept = await look();
  await sql`select vault.update_secret(${id}, 'hush again')`;
  const changed = await look();
  const twice = await refusal(sql`select vault.create_secret('other', ${name})`);
  const after = await look();
  await sql`delete from vault.secrets where id = ${id}`;

  assertEquals([kept.id, kept.decrypted_secret, kept.description], [id, "hush ü", "for a test"]);
  assertEquals(kept.secret.includes("hush"), false);
  assertEquals([changed.decrypted_secret, changed.description], ["hush again", "for a test"]);
  assertMatch(twice, /^23505 .*"secrets_name_idx"$/);
  assertEquals(after, changed);
  assertEquals(await look(), undefined);
  const [wakeUps] =
    await sql`select decrypted_secret from vault.decrypted_secrets where name = 'referrals_dispatch_url'`;
  assertEquals(wakeUps.decrypted_secret, `${stack.url}/functions/v1/api/v1/internal/dispatch`);
});

Deno.test("schema extensions is open to the platform's own roles, and to a key's role no more than on a hosted project", async () => {
  const roles = ["postgres", "anon", "authenticated", "service_role", "api_key"];
  const inside = await sql<{ role: string }[]>`
    select role from unnest(${roles}::text[]) as role where has_schema_privilege(role, 'extensions', 'usage')
  `;
  assertEquals(inside.map(({ role }) => role), ["postgres", "anon", "authenticated", "service_role"]);
});

Deno.test("no role of the data API reaches any of it, by SQL or over HTTP", async () => {
  await using admin = superuser();
  const roles = ["anon", "authenticated", "service_role", "api_key"];
  const reachable = await admin.sql`
    select role, name
    from unnest(${roles}::text[]) as role, lateral (
      select nspname::text from pg_namespace
      where nspname in ('net', 'cron', 'vault') and has_schema_privilege(role, oid, 'usage')
      union all
      select oid::regprocedure::text from pg_proc
      where pronamespace::regnamespace::text in ('net', 'cron', 'vault') and has_function_privilege(role, oid, 'execute')
      union all
      select oid::regclass::text from pg_class
      where relnamespace::regnamespace::text in ('net', 'cron', 'vault') and relkind in ('r', 'v', 'S')
        and (relkind = 'S' and has_sequence_privilege(role, oid, 'usage')
          or relkind <> 'S' and has_table_privilege(role, oid, 'select, insert, update, delete, truncate'))
    ) as object (name)
  `;
  assertEquals([...reachable], []);

  await using nina = listen();
  const call = { url: nina.url, body: {}, params: {}, headers: {}, timeout_milliseconds: 5000 };
  const alice = await workspace("Alice's clinic");
  const look = () =>
    admin.sql`
      select (select json_agg(secrets order by id) from vault.secrets) as secrets,
        (select json_agg(job order by jobid) from cron.job) as jobs
    `;
  const before = await look();
  for (const token of [null, alice.token, stack.secretKey]) {
    const headers = token === stack.secretKey ? { apikey: token } : undefined;
    const options = { token: headers ? null : token, headers };
    const schema = (name: string) => ({
      ...options,
      headers: { ...headers, "accept-profile": name, "content-profile": name },
    });
    for (const given of [options, schema("net"), schema("vault"), schema("cron")]) {
      const replies = await Promise.all([
        rest("POST", "/rpc/http_post", call, given),
        rest("POST", "/rpc/create_secret", { new_secret: "x" }, given),
        rest("POST", "/rpc/schedule", { schedule: "1 seconds", command: "select 1" }, given),
        rest("GET", "/http_request_queue", undefined, given),
        rest("GET", "/decrypted_secrets", undefined, given),
        rest("DELETE", "/secrets?id=not.is.null", undefined, given),
        rest("GET", "/job", undefined, given),
      ]);
      for (const { status, text } of replies) assert([401, 403, 404, 406].includes(status), `${status} ${text}`);
    }
  }
  assertEquals([...await look()], [...before]);
  await sql`select net.http_get(${`${nina.url}/next`})`;
  await nina.got("/next");
  assertEquals(nina.received.map(({ path }) => path), ["/next"]);
});

function superuser() {
  const sql = postgres(stack.superuserUrl, { max: 1, onnotice: () => {} });
  return { sql, [Symbol.asyncDispose]: () => sql.end() };
}
