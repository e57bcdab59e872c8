import { assert, assertEquals } from "@std/assert";
import { Client, type Part, startVictim, Tally, type Victim } from "./kills/stack.ts";
import { listen } from "../world/listener.ts";
import { eventually, type Json } from "../world/world.ts";

const full = Deno.env.get("FULL") === "1";
const parts: Part[] = ["postmaster", "function", "backend", "function"];
// The last is a function's: see passLeases.
const kills = full ? 100 : 6;
const writesPerKill = 100;
const thankEvery = full ? 20 : 6;
const writers = 4;

Deno.test("whatever is killed, each committed write is told and acted upon, once, and no other is", async () => {
  const started = performance.now();
  await using victim = await startVictim();
  await using observer = new Client(victim.databaseUrl);
  const arrivals = new Tally();
  await using crm = listen(() => {
    arrivals.add();
    // Deno's own fetch would repeat a request whose kept connection breaks.
    return new Response(null, { status: 204, headers: { connection: "close" } });
  });
  const telling = await workspace(observer, crm.url, kills * writesPerKill);
  const thanking = await workspace(observer, crm.url, Math.ceil(kills * writesPerKill / thankEvery));
  await thankByAutomation(observer, thanking.company);

  const begun = new Tally();
  const acknowledged: string[] = [];
  let unknown = 0;
  const write = async (client: Client, n: number) => {
    begun.add();
    const isThanked = n % thankEvery === 0;
    const isUndone = n % 10 === 3;
    const { company, referrers, deals } = isThanked ? thanking : telling;
    const row = {
      company_id: company,
      referrer_contact_id: referrers[n % referrers.length],
      referred_deal_id: deals[isThanked ? n / thankEvery : n],
      notes: `${isUndone ? "undone" : "write"} ${n}`,
    };
    const values = Object.values(row).map((value) => `'${value}'`);
    const outcome = await client.attempt((sql) =>
      isUndone
        // By one message: postgres.js ends the process when a transaction of its own loses its connection.
        ? sql.unsafe(`begin; insert into referrals (${Object.keys(row)}) values (${values}); rollback`)
        : sql`insert into referrals ${sql(row)}`.then(() => acknowledged.push(row.notes))
    );
    if (outcome === null) unknown++;
  };

  const recorded = async () => {
    const [{ count }] = await observer.reads((sql) =>
      sql`select count(*)::int from webhook_deliveries where status = 'delivered'`
    );
    return count;
  };
  const recordings = async (more: number) => {
    const until = await recorded() + more;
    await eventually(async () => await recorded() >= until, 60);
  };

  await using opened = new AsyncDisposableStack();
  const clients = Array.from({ length: writers }, () => opened.use(new Client(victim.databaseUrl)));
  let killedAt: Json;
  for (let round = 0; round < kills; round++) {
    const part = parts[round % parts.length];
    const many = 1 + Math.floor(Math.random() * writesPerKill / 2);
    const moment = [arrivals.reaches, recordings, begun.reaches][round % 3](many);
    let n = round * writesPerKill;
    const end = n + writesPerKill;
    await Promise.all([
      killAt(moment, victim, part).then(async () => {
        [{ killedAt }] = await observer.reads((sql) => sql`select clock_timestamp() as "killedAt"`);
      }),
      ...clients.map(async (client) => {
        while (n < end) await write(client, n++);
      }),
    ]);
  }

  await passLeases(observer, killedAt);
  await eventually(async () => {
    const [{ left }] = await observer.reads((sql) =>
      sql`
        select (select count(*) from private.events where fanned_out_at is null)
          + (select count(*) from webhook_deliveries where status = 'pending')
          + (select count(*) from automation_runs where status = 'running') as left
      `
    );
    return left === "0";
    // A killed function's call may still have claimed a minute of work.
  }, full ? 600 : 120).catch(async (error) => {
    console.error(await victim.log());
    throw error;
  });

  const found = await look([telling.company, thanking.company], observer, victim);
  const received = Map.groupBy(crm.received, ({ headers }) => headers["webhook-id"]);
  const told = (status?: string) =>
    found.deliveries.filter((one: Json) => !status || one.status === status).map((one: Json) => one.event_id);
  const committed = new Set(found.referrals.map((one: Json) => one.notes));
  const duplicates = crm.received.length - received.size;
  console.log(
    `${kills} kills, ${begun.count} writes, ${unknown} of unknown outcome, ${committed.size} referrals, ` +
      `${found.events.length} events, ${duplicates} deliveries came again, ${found.mails.length} mails, ` +
      `${Math.round((performance.now() - started) / 1_000)} s`,
  );

  assertEquals(acknowledged.filter((notes) => !committed.has(notes)), [], "acknowledged writes that are gone");
  assertEquals(
    [...committed].filter((notes) => String(notes).startsWith("undone")),
    [],
    "writes undone that are there",
  );
  assertEquals(
    found.events.map((one: Json) => one.referral_id).sort(),
    found.referrals.map((one: Json) => one.id).sort(),
    "each referral has one event",
  );
  assertEquals(missing(ids(found.events), received), [], "events that were lost");
  assertEquals(missing(told("delivered"), received), [], "recorded as delivered, and never received");
  assertEquals(told().sort(), told("delivered").sort());
  assertEquals(missing([...received.keys()], new Set(ids(found.events))), [], "events of nothing");
  for (const [id, copies] of received) {
    assertEquals(new Set(copies.map(({ text }) => text)).size, 1, `${id} did not stay the same`);
    assertEquals(copies[0].body.data.event_id, id);
  }

  const ofThanking = found.referrals.filter((one: Json) => one.company_id === thanking.company);
  const thanked = ofThanking.filter((one: Json) => one.source === "manual");
  assert(thanked.length > 50, "too few runs to tell");
  assertEquals(
    found.runs.map((run: Json) => [run.notes, run.status, run.action_results.map((result: Json) => result.status)])
      .sort(),
    ofThanking.map((one: Json) =>
      one.source === "manual" ? [one.notes, "completed", ["completed", "completed"]] : [one.notes, "skipped", []]
    ).sort(),
    "each event is acted upon once",
  );
  const written = found.referrals.filter((one: Json) => one.source === "automation");
  assertEquals(
    written.map((one: Json) => [one.notes, one.referred_deal_id]).sort(),
    thanked.map((one: Json) => [`For ${one.notes}`, one.referred_deal_id]).sort(),
    "each is attributed once",
  );
  assertEquals(
    found.mails.map((mail: Json) => mail.subject).sort(),
    thanked.map((one: Json) => `Thank you for ${one.notes}`).sort(),
    "each is thanked for once",
  );
});

async function killAt(moment: Promise<unknown>, victim: Victim, part: Part): Promise<void> {
  for (;;) {
    const kill = await victim.aim(part);
    await moment;
    if (kill()) return;
  }
}

/** Lets the minute pass for which killed functions had taken what they did not come to do. */
async function passLeases(observer: Client, killedAt: Date): Promise<void> {
  for (const table of ["webhook_deliveries", "automation_runs"]) {
    await observer.reads((sql) =>
      sql`update ${sql(table)} set due_at = now() where due_at > now() and updated_at < ${killedAt}`
    );
  }
}

/** A workspace with opportunities to write for, whose subscriber is at `url`. */
async function workspace(observer: Client, url: string, size: number) {
  const [{ company }] = await observer.reads((sql) =>
    sql`
      with company as (insert into companies (name) values ('Harbour Health') returning id), subscription as (
        insert into webhook_subscriptions (company_id, url, events)
        select id, ${url}, '{referral_attributed}' from company returning id
      )
      select company.id as company, private.issue_webhook_secret(subscription.id) from company, subscription
    `
  );
  const contacts = await observer.reads((sql) =>
    sql`
      insert into crm_contacts (company_id, first_name, email)
      select ${company}, 'Rita', 'rita-' || n || '@example.com' from generate_series(1, 250) as n returning id
    `
  );
  const [friend, ...referrers] = ids(contacts);
  const deals = await observer.reads((sql) =>
    sql`
      insert into crm_deals (company_id, name, contact_id)
      select ${company}, 'No ' || n, ${friend} from generate_series(1, ${size}::int) as n returning id
    `
  );
  return { company, referrers, deals: ids(deals) };
}

/** Has what somebody refers attributed to the opportunity's contact too, and the referrer thanked. */
async function thankByAutomation(observer: Client, company: string): Promise<void> {
  await observer.reads((sql) =>
    sql`
      with automation as (
        insert into automations (company_id, name, trigger_type, enabled, conditions)
        values (${company}, 'Thank', 'referral_attributed', true, '{"source": {"eq": "manual"}}') returning id
      )
      insert into automation_actions (company_id, automation_id, action_type, sequence, config)
      select ${company}, automation.id, action_type, sequence, config::jsonb
      from automation, (values
        ('attribute_referral', 1, '{"notes": "For {{notes}}"}'),
        ('send_email', 2, '{"to": "referrer", "subject": "Thank you for {{notes}}", "body_html": "<p>Thank you</p>"}')
      ) as action (action_type, sequence, config)
    `
  );
}

/** All that there is of these workspaces in the end, and all mails. */
async function look(companies: string[], observer: Client, victim: Victim): Promise<Record<string, Json>> {
  const [found] = await observer.reads((sql) =>
    sql`
      select
        (select json_agg(referrals) from referrals where company_id in ${sql(companies)}) as referrals,
        (select json_agg(json_build_object('id', id, 'referral_id', data ->> 'referral_id'))
          from private.events where company_id in ${sql(companies)}) as events,
        (select json_agg(deliveries) from webhook_deliveries as deliveries where company_id in ${sql(companies)})
          as deliveries,
        (select json_agg(json_build_object(
          'notes', private.trigger_data_of(run) ->> 'notes',
          'status', status,
          'action_results', private.action_results_of(id)
        )) from automation_runs as run where company_id in ${sql(companies)}) as runs
    `
  );
  const mails = await (await fetch(`${victim.mailUrl}/emails`)).json();
  return { ...found, mails: mails.data };
}

const ids = (rows: Json[]): string[] => rows.map(({ id }) => id);
const missing = (wanted: string[], there: { has(id: string): boolean }) => wanted.filter((id) => !there.has(id));
