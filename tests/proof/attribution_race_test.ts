import { assertEquals } from "@std/assert";
import postgres from "postgres";
import { connect } from "../world/key_connection.ts";
import { drift } from "../world/drift.ts";
import { call, type Json, type Person, sql, workspace } from "../world/world.ts";

const bursts = Deno.env.get("FULL") === "1" ? 400 : 30;
const scopes = ["referrals:write", "referrals:delete"];

const anyOf = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)];

/** How one write ended: an HTTP status, or what stands for it on a connection of its own. */
type Outcome = number | string;
/** What clients do: set or clear a referrer by hand, log a referral, change it, delete it. */
type Client = {
  attribute(opportunity_id: string, referrer_contact_id: string | null): Promise<Outcome>;
  log(referral: Json): Promise<Outcome>;
  change(id: string, status: string): Promise<Outcome>;
  remove(id: string): Promise<Outcome>;
};

async function caller(alice: Person): Promise<Client> {
  const { token } = await alice.holding(...scopes);
  const ask = async (method: string, path: string, body?: Json) => (await call(method, path, body, { token })).status;
  return {
    attribute: (opportunity_id, referrer_contact_id) =>
      ask("POST", "/referrals/attribute", { opportunity_id, referrer_contact_id }),
    log: (referral) => ask("POST", "/referrals", referral),
    change: (id, status) => ask("PATCH", `/referrals/${id}`, { status }),
    remove: (id) => ask("DELETE", `/referrals/${id}`),
  };
}

async function connection(alice: Person, opened: AsyncDisposableStack): Promise<Client> {
  const own = await connect(alice, scopes, opened);
  const ask = async (query: PromiseLike<postgres.RowList<postgres.Row[]>>) => {
    try {
      return (await query).count > 0 ? 200 : 404;
    } catch (error) {
      if (error instanceof postgres.PostgresError) return error.code === "23505" ? 409 : error.code;
      throw error;
    }
  };
  return {
    attribute: (opportunity, referrer) =>
      ask(own`select public.attribute_opportunity(${opportunity}, ${referrer}, null, true)`),
    log: (referral) => ask(own`insert into public.referrals ${own(referral)}`),
    change: (id, status) => ask(own`update public.referrals set status = ${status} where id = ${id}`),
    remove: (id) => ask(own`delete from public.referrals where id = ${id}`),
  };
}

async function rows(table: string, values: Json[]): Promise<string[]> {
  return (await sql`insert into ${sql(table)} ${sql(values)} returning id`).map(({ id }) => id);
}

Deno.test("clients who attribute, clear, log, change and delete on three opportunities leave no drift", async () => {
  await using opened = new AsyncDisposableStack();
  const alice = await workspace("Alice's clinic");
  const company_id = alice.companyId;
  const named = (...names: string[]) => names.map((first_name) => ({ company_id, first_name }));
  const referrers = await rows("crm_contacts", named("Rita", "Sam", "Tess", "Una"));
  const friends = await rows("crm_contacts", named("Fred", "Gina", "Hugo"));
  const deals = await rows("crm_deals", friends.map((contact_id) => ({ company_id, contact_id, name: "Knee" })));
  const clients = [
    ...await Promise.all(Array.from({ length: 4 }, () => caller(alice))),
    ...await Promise.all(Array.from({ length: 10 }, () => connection(alice, opened))),
  ];

  const outcomes: [string, Outcome][] = [];
  async function act(client: Client, ids: string[]) {
    const deal = Math.floor(Math.random() * 3);
    const [name, done] = anyOf([
      () => ["attribute", client.attribute(deals[deal], anyOf(referrers))],
      () => ["attribute", client.attribute(deals[deal], anyOf([null, anyOf(referrers)]))],
      () => [
        "log",
        client.log({
          referrer_contact_id: anyOf(referrers),
          referred_contact_id: friends[deal],
          referred_deal_id: deals[deal],
        }),
      ],
      () => ["change", client.change(anyOf(ids), anyOf(["accepted", "declined", "converted"]))],
      () => ["remove", client.remove(anyOf(ids))],
    ] as (() => [string, Promise<Outcome>])[])();
    outcomes.push([name, await done]);
  }

  // In bursts: a later write would repair what an earlier one left wrong, so it is looked at whenever all are done.
  const drifts: Json[] = [];
  for (let burst = 1; burst <= bursts; burst++) {
    const ids = (await sql`select id from referrals where company_id = ${company_id}`).map(({ id }) => id);
    if (ids.length === 0) ids.push(crypto.randomUUID());
    await Promise.all(clients.map((client) => act(client, ids)));
    drifts.push(...(await drift(company_id)).map((found) => ({ burst, ...found })));
  }

  const allowed: Record<string, Outcome[]> = {
    attribute: [200],
    log: [200, 201, 404, 409],
    change: [200, 404],
    remove: [200, 204, 404],
  };
  const wrong = outcomes.filter(([name, outcome]) => !allowed[name].includes(outcome));
  assertEquals([wrong, drifts], [[], []]);
  const twice = await sql`
    select referred_deal_id from referrals where company_id = ${company_id} and hand_set group by 1 having count(*) > 1
  `;
  assertEquals([...twice], []);
});
