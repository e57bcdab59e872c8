import { assertEquals } from "@std/assert";
import postgres from "postgres";
import { connect } from "../world/key_connection.ts";
import { drift } from "../world/drift.ts";
import { call, type Json, type Person, sql, workspace } from "../world/world.ts";

const full = Deno.env.get("FULL") === "1";

/** How one write ended: an HTTP status, or what stands for it on a connection of its own. */
type Client = { write(method: "POST" | "PATCH" | "DELETE", id: string | null, body?: Json): Promise<Outcome> };
type Outcome = { outcome: number | string; id?: string };

/** Somebody who calls the API by a key of their own. */
async function caller(alice: Person): Promise<Client> {
  const { token } = await alice.holding("referrals:write", "referrals:delete");
  return {
    async write(method, id, body) {
      const { status, data } = await call(method, id ? `/referrals/${id}` : "/referrals", body, { token });
      return { outcome: status, id: data?.id };
    },
  };
}

/** Somebody on a connection of their own. */
async function connection(alice: Person, opened: AsyncDisposableStack): Promise<Client> {
  const own = await connect(alice, ["referrals:write", "referrals:delete"], opened);
  return {
    async write(method, id, body) {
      try {
        const rows = method === "POST"
          ? await own`insert into public.referrals ${own(body)} returning id`
          : method === "PATCH"
          ? await own`update public.referrals set ${own(body)} where id = ${id} returning id`
          : await own`delete from public.referrals where id = ${id} returning id`;
        return { outcome: rows.length > 0 ? 200 : 404, id: method === "POST" ? rows[0].id : undefined };
      } catch (error) {
        if (error instanceof postgres.PostgresError) return { outcome: error.code === "23505" ? 409 : error.code };
        throw error;
      }
    },
  };
}

async function clients(alice: Person, callers: number, connections: number, opened: AsyncDisposableStack) {
  return await Promise.all([
    ...Array.from({ length: callers }, () => caller(alice)),
    ...Array.from({ length: connections }, () => connection(alice, opened)),
  ]);
}

/** Counts how writes ended. */
function tally(outcomes: Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

const allowed: Outcome["outcome"][] = [200, 201, 204, 404, 409];

async function rows(table: "crm_contacts" | "crm_deals", companyId: string, count: number): Promise<string[]> {
  const column = sql(table === "crm_deals" ? "name" : "first_name");
  const made = await sql`
    insert into ${sql(table)} (company_id, ${column})
    select ${companyId}, 'No ' || i from generate_series(1, ${count}) as i
    returning id
  `;
  return made.map(({ id }) => id);
}

const anyOf = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)];

Deno.test("16 clients writing into 3 opportunities and 4 referrers leave every cached value and counter right", async () => {
  await using opened = new AsyncDisposableStack();
  const alice = await workspace("Alice's clinic");
  const [referrers, friends, deals] = await Promise.all([
    rows("crm_contacts", alice.companyId, 4),
    rows("crm_contacts", alice.companyId, 3),
    rows("crm_deals", alice.companyId, 3),
  ]);
  const writers = await clients(alice, 6, 10, opened);
  const written: string[] = [];
  const change = () =>
    anyOf([
      () => ({ referred_deal_id: anyOf([...deals, null]) }),
      () => ({ status: anyOf(["pending", "accepted", "converted", "declined"]) }),
      () => ({ category: anyOf(["MRI", "Physio", null]) }),
      () => ({ referred_deal_id: anyOf(deals), status: anyOf(["converted", "declined"]), category: "MRI" }),
    ])();
  const write = async (client: Client) => {
    const dice = Math.random();
    if (written.length < 8 || dice < 0.35) {
      const referred_contact_id = anyOf([null, null, null, ...friends]);
      const made = await client.write("POST", null, {
        referrer_contact_id: anyOf(referrers),
        referred_contact_id,
        ...change(),
      });
      if (made.id) written.push(made.id);
      return made;
    }
    // The latest rows: on them several clients meet, and a deleted one is a 404 for the next.
    const id = anyOf(written.slice(-24));
    return dice < 0.8 ? await client.write("PATCH", id, change()) : await client.write("DELETE", id);
  };

  // In bursts: a later write would repair what an earlier one left wrong, so it is looked at whenever all are done.
  const outcomes: Outcome[] = [];
  const drifts: Json[] = [];
  for (let burst = 1; outcomes.length < (full ? 5_000 : 600); burst++) {
    outcomes.push(...await Promise.all(writers.map(write)));
    drifts.push(...(await drift(alice.companyId)).map((found) => ({ burst, ...found })));
  }

  assertEquals(outcomes.filter(({ outcome }) => !allowed.includes(outcome)), []);
  assertEquals(drifts, [], `${drifts.length} wrong after ${JSON.stringify(tally(outcomes))}`);
});

Deno.test("a referrer's first referrals, logged at once by 8 clients, are all counted", async () => {
  await using opened = new AsyncDisposableStack();
  const alice = await workspace("Alice's clinic");
  const logging = await clients(alice, 0, 8, opened);
  const referrers = await rows("crm_contacts", alice.companyId, full ? 1_000 : 200);

  const outcomes: Outcome[] = [];
  for (const referrer of referrers) {
    outcomes.push(
      ...await Promise.all(logging.map((one) => one.write("POST", null, { referrer_contact_id: referrer }))),
    );
  }

  assertEquals(tally(outcomes), { 200: referrers.length * 8 });
  assertEquals(await drift(alice.companyId), []);
});

Deno.test("referrals that move from one opportunity to the other, and back, never meet in a deadlock", async () => {
  await using opened = new AsyncDisposableStack();
  const alice = await workspace("Alice's clinic");
  const [referrer] = await rows("crm_contacts", alice.companyId, 1);
  const [knee, hip] = await rows("crm_deals", alice.companyId, 2);
  const movers = await clients(alice, 2, 6, opened);

  const outcomes = await Promise.all(movers.map(async (mover, i) => {
    let deal = i % 2 ? knee : hip;
    const { id } = await mover.write("POST", null, { referrer_contact_id: referrer, referred_deal_id: deal });
    const moves: Outcome[] = [];
    while (moves.length < (full ? 500 : 50)) {
      deal = deal === knee ? hip : knee;
      moves.push(await mover.write("PATCH", id!, { referred_deal_id: deal }));
    }
    return moves;
  }));

  assertEquals(tally(outcomes.flat()), { 200: movers.length * (full ? 500 : 50) });
  assertEquals(await drift(alice.companyId), []);
});

Deno.test("an opportunity that is placed while its age is corrected is listed at its right age in each pipeline", async () => {
  await using opened = new AsyncDisposableStack();
  const alice = await workspace("Alice's clinic");
  const deals = await rows("crm_deals", alice.companyId, full ? 1_000 : 100);
  const pipelines = await Promise.all(
    ["Sales", "Support", "Claims"].map((name) => alice.creates("/pipelines", { name, stages: [{ name: "New" }] })),
  );
  const keys = await Promise.all(
    pipelines.map(() => connect(alice, ["opportunities:write"], opened)),
  );

  for (const [i, deal_id] of deals.entries()) {
    await Promise.all([
      ...pipelines.map(({ id: pipeline_id, stages: [{ id: stage_id }] }, at) =>
        keys[at]`insert into public.crm_deal_placements ${keys[at]({ deal_id, pipeline_id, stage_id })}`
      ),
      sql`update crm_deals set created_at = now() - ${`${i + 1} days`}::interval where id = ${deal_id}`,
    ]);
  }

  assertEquals(await drift(alice.companyId), []);
  const [{ placed }] = await sql`
    select count(*)::int as placed from crm_deal_placements
    where company_id = ${alice.companyId} and deal_created_at < now() - interval '12 hours'
  `;
  assertEquals(placed, deals.length * pipelines.length);
});
