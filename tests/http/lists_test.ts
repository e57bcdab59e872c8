import { assertEquals, assertStringIncludes } from "@std/assert";
import { endpoints } from "../../supabase/functions/api/app.ts";
import { tableOf } from "../world/lists.ts";
import { allow, chain, type Json, type Person, sql, world } from "../world/world.ts";

// A list without parameters is all there is, on one page.
const lists = endpoints.filter(({ contract }) => contract.list && contract.query).map(({ contract }) => contract);

/** The ids that a list gives, in its order, once its total has been found to say the same. */
async function ids(person: Person, path: string): Promise<string[]> {
  const { status, text, body } = await person.get(path);
  assertEquals(status, 200, `${path}: ${text}`);
  assertEquals(body.pagination.total, body.data.length, path);
  return body.data.map((row: Json) => row.id ?? row.run_id);
}

/** Three chains that differ in every column, and a referral without contact, opportunity and category. */
async function manyReferrals(person: Person): Promise<Json[]> {
  const chains = await Promise.all([1, 2, 3].map(() => chain(person)));
  const kinds = [["pending", "MRI", "manual"], ["accepted", "Physio", "api"], ["declined", "Dental", "automation"]];
  for (const [index, [status, category, source]] of kinds.entries()) {
    await sql`update referrals set ${sql({ status, category, source })} where id = ${chains[index].referral.id}`;
  }
  await sql`insert into referrals ${
    sql({
      company_id: person.companyId,
      referrer_contact_id: chains[0].referrer.id,
      status: "converted",
      source: "form",
    })
  }`;
  return await sql`select * from referrals where company_id = ${person.companyId} order by created_at desc, id desc`;
}

async function manyOpportunities(person: Person): Promise<Json[]> {
  const chains = await Promise.all([1, 2, 3].map(() => chain(person)));
  const stages = [{ name: "Enquiry" }, { name: "Booked" }];
  const pipelines = await Promise.all(
    ["Patients", "Partners"].map((name) => person.creates("/pipelines", { name, stages })),
  );
  const places = [[pipelines[0], 0], [pipelines[0], 1], [pipelines[1], 0]] as const;
  for (const [index, { opportunity }] of chains.entries()) {
    const [pipeline, stage] = places[index];
    await person.changes(`/opportunities/${opportunity.id}`, { status: ["open", "won", "lost"][index] });
    const moved = { pipeline_id: pipeline.id, stage_id: pipeline.stages[stage].id };
    assertEquals((await person.post(`/opportunities/${opportunity.id}/move`, moved)).status, 200);
  }
  await person.creates("/opportunities", { name: "In no pipeline" });
  return await sql`
    select crm_deals.*, pipeline_id, stage_id
    from crm_deals left join crm_deal_placements on deal_id = crm_deals.id
    where crm_deals.company_id = ${person.companyId} order by crm_deals.created_at desc, crm_deals.id desc`;
}

for (
  const { path, rowsOf } of [
    { path: "/referrals", rowsOf: manyReferrals },
    { path: "/opportunities", rowsOf: manyOpportunities },
    { path: "/deals", rowsOf: manyOpportunities },
  ]
) {
  const grammar = "limit after cursor before sort order created_after created_before fields expand search".split(" ");
  const filters = Object.keys(lists.find((list) => list.path === path)!.query!.shape)
    // What no row has, which no test of rows can select by.
    .filter((name) => !grammar.includes(name) && name !== "customer_id");

  Deno.test(`each filter of ${path} alone selects its rows`, async () => {
    const { alice } = await world();
    const mine = await rowsOf(alice);

    await Promise.all(filters.map(async (filter) => {
      const values = new Set<string>(mine.map((row) => row[filter]).filter((value) => value !== null));
      assertEquals(values.size > 1, true, `${filter} would prove nothing`);
      for (const value of values) {
        const wanted = mine.filter((row) => row[filter] === value).map((row) => row.id);
        assertEquals(await ids(alice, `${path}?${filter}=${value}`), wanted, filter);
        if (filter.endsWith("_id")) {
          assertEquals(await ids(alice, `${path}?${filter}=${value.toUpperCase()}`), wanted, `${filter} in upper case`);
        }
      }
      const missing = filter.endsWith("_id") ? crypto.randomUUID() : "odd";
      const reply = await alice.get(`${path}?${filter}=${missing}`);
      const isListed = filter === "status" || filter === "source";
      assertEquals([reply.status, reply.data?.length], isListed ? [400, undefined] : [200, 0], `${filter}=${missing}`);
    }));
    const one = mine.find((row) => row.contact_id ?? row.referred_contact_id);
    const contact = one.contact_id ? "contact_id" : "referred_contact_id";
    assertEquals(await ids(alice, `${path}?status=${one.status}&${contact}=${one[contact]}`), [one.id]);
  });
}

Deno.test("fields picks exactly those columns, on every list", async () => {
  const { alice } = await world();
  const at = await rowsOverTime(alice, 1);
  for (const { list: shown, query, path: pattern } of lists) {
    const path = at(pattern);
    const columns = Object.keys(shown!.shape).filter((name) => !(name in query!.shape) || name.endsWith("_id"))
      .filter((name) => !["referrer", "contact", "referred_contact", "opportunity"].includes(name));
    const [first, second] = columns;
    for (const fields of [[first], columns.slice(-1), [first, second, first], columns]) {
      const { data: [row] } = await alice.get(`${path}?fields=${fields}`);
      assertEquals(Object.keys(row).sort(), [...new Set(fields)].sort(), `${path}?fields=${fields}`);
    }
    for (const wrong of ["", `${first},`, "*", "search_text", `${first},${second}:id`, "stages(*)", "count()"]) {
      const reply = await alice.get(`${path}?fields=${wrong}`);
      assertEquals([reply.status, reply.error.code], [400, "VALIDATION_ERROR"], `${path}?fields=${wrong}`);
      assertEquals(reply.error.details.fields[0].path, "fields");
    }
  }
});

const isLong = (path: string) => /^\/(contacts|opportunities|deals|automations|contacts\/[^/]+\/deals)$/.test(path);

Deno.test("limit is 1 to 100, a greater one is 100, and 20 or 25 when absent, on every list", async () => {
  const { alice } = await world();
  const at = await rowsOverTime(alice, 1);
  for (const path of lists.map((list) => at(list.path))) {
    assertEquals((await alice.get(path)).body.pagination.limit, isLong(path) ? 25 : 20, path);
    for (const [limit, taken] of [["1", 1], ["100", 100], ["101", 100], ["1000", 100], ["1".repeat(400), 100]]) {
      assertEquals((await alice.get(`${path}?limit=${limit}`)).body.pagination.limit, taken, path);
    }
    for (const limit of ["-1", "0", "1e1", "0x10", "1.5", "", "%201", "%2B1", "ten"]) {
      const reply = await alice.get(`${path}?limit=${limit}`);
      assertEquals([reply.status, reply.error.code], [400, "VALIDATION_ERROR"], `${path}?limit=${limit}`);
      assertEquals(reply.error.details.fields.map((problem: Json) => problem.path), ["limit"]);
    }
  }
});

Deno.test("every list refuses parameters that it does not know, or that come twice, and says what it takes", async () => {
  const { alice } = await world();
  const at = await rowsOverTime(alice, 1);
  for (const { list: shown, query, path: pattern } of lists) {
    const path = at(pattern);
    const [column] = Object.keys(shown!.shape);
    for (const name of ["stauts", "company_id", "or", "select", "offset", "constructor", "__proto__"]) {
      const reply = await alice.get(`${path}?${name}=1`);
      assertEquals([reply.status, reply.error?.code], [400, "VALIDATION_ERROR"], `${path}?${name}`);
      assertEquals(reply.error.details.fields.map((problem: Json) => problem.path), [name]);
      for (const accepted of Object.keys(query!.shape)) assertStringIncludes(reply.error.hint, accepted);
    }
    for (const twice of ["limit=5&limit=5", "sort=created_at&sort=updated_at", `fields=${column}&fields=${column}`]) {
      const reply = await alice.get(`${path}?${twice}`);
      assertEquals([reply.status, reply.error.code], [400, "VALIDATION_ERROR"], `${path}?${twice}`);
      assertEquals(reply.error.details.fields.map((problem: Json) => problem.path), [twice.split("=")[0]]);
    }
  }
});

/**
 * Makes `count` rows of each list, a second apart from the first of 2026 on, changed in the opposite order. Gives where a
 * list is: those below a row have the workspace's first for it.
 */
async function rowsOverTime(person: Person, count: number): Promise<(path: string) => string> {
  const { companyId } = person;
  const times = sql`timestamptz '2026-01-01Z' + n * interval '1 s', timestamptz '2026-02-01Z' - n * interval '1 s'`;
  const rows = sql`generate_series(1, ${count}::int) as n`;
  const at = sql`created_at, updated_at`;
  await sql`insert into crm_contacts (company_id, first_name, ${at}) select ${companyId}, 'P' || n, ${times} from ${rows}`;
  const [contact] = await sql`select id from crm_contacts where company_id = ${companyId} limit 1`;
  await sql`insert into crm_deals (company_id, name, contact_id, ${at})
    select ${companyId}, 'O' || n, ${contact.id}, ${times} from ${rows}`;
  await sql`insert into crm_pipelines (company_id, name, ${at}) select ${companyId}, 'L' || n, ${times} from ${rows}`;
  await sql`insert into referrals (company_id, referrer_contact_id, ${at})
    select ${companyId}, (select id from crm_contacts where company_id = ${companyId} limit 1), ${times} from ${rows}`;
  await sql`insert into referral_requests (company_id, contact_id, recipient_email, recipient_name, expires_at, ${at})
    select ${companyId}, (select id from crm_contacts where company_id = ${companyId} limit 1), 'r@example.com', 'R',
      now() + interval '1 day', ${times} from ${rows}`;
  await sql`insert into automations (company_id, name, trigger_type, ${at})
    select ${companyId}, 'A' || n, 'referral_attributed', ${times} from ${rows}`;
  await sql`insert into webhook_subscriptions (company_id, url, enabled, ${at})
    select ${companyId}, 'https://example.com/' || gen_random_uuid(), false, ${times} from ${rows}`;
  const [automation] = await sql`select id from automations where company_id = ${companyId} order by id limit 1`;
  const [subscription] =
    await sql`select id from webhook_subscriptions where company_id = ${companyId} order by id limit 1`;
  await sql`insert into automation_actions (company_id, automation_id, action_type, sequence, ${at})
    select ${companyId}, ${automation.id}, 'attribute_referral', n, ${times} from ${rows} where n <= 3`;
  await sql`insert into automation_runs
    (company_id, automation_id, event_id, trigger_type, status, due_at, ${at})
    select ${companyId}, ${automation.id}, gen_random_uuid(), 'referral_attributed', 'completed', null, ${times}
    from ${rows}`;
  await sql`insert into webhook_deliveries (company_id, subscription_id, event_id, event_type, status, due_at, ${at})
    select ${companyId}, ${subscription.id}, gen_random_uuid(), 'stage_changed', 'delivered', null, ${times} from ${rows}`;
  const [referral] = await sql`select id from referrals where company_id = ${companyId} order by id limit 1`;
  const parents: Record<string, string> = {
    automations: automation.id,
    contacts: contact.id,
    webhooks: subscription.id,
    referrals: referral.id,
  };
  return (path) => path.replace(":id", parents[path.split("/")[1]]);
}

Deno.test("every list sorts by both columns in both orders, and bounds exclude their instant", async () => {
  const { alice } = await world();
  const at = await rowsOverTime(alice, 3);
  for (const [list, table] of Object.entries(tableOf)) {
    const path = at(list);
    const rows = await sql`select id from ${sql(table)} where company_id = ${alice.companyId} order by created_at`;
    const [first, second, third] = rows.map((row) => row.id);

    assertEquals(await ids(alice, path), [third, second, first], path);
    assertEquals(await ids(alice, `${path}?sort=created_at&order=desc`), [third, second, first], path);
    assertEquals(await ids(alice, `${path}?order=asc`), [first, second, third], path);
    assertEquals(await ids(alice, `${path}?sort=updated_at`), [first, second, third], path);
    assertEquals(await ids(alice, `${path}?sort=updated_at&order=asc`), [third, second, first], path);
    assertEquals(await ids(alice, `${path}?created_after=2026-01-01T00:00:02Z`), [third], path);
    assertEquals(await ids(alice, `${path}?created_before=2026-01-01T00:00:02.000Z`), [first], path);
    assertEquals(await ids(alice, `${path}?created_after=2026-01-01T10:00:01.999999%2B10:00`), [third, second], path);
    const between = "created_after=2026-01-01T00:00:01Z&created_before=2026-01-01T00:00:03Z";
    assertEquals(await ids(alice, `${path}?${between}`), [second], path);
    for (const wrong of ["sort=name", "sort=", "order=up", "order=DESC"]) {
      const reply = await alice.get(`${path}?${wrong}`);
      assertEquals([reply.status, reply.error.code], [400, "VALIDATION_ERROR"], `${path}?${wrong}`);
    }
  }
});

Deno.test("a total is exact up to 1,000 rows, and says so when it may be an estimate", async () => {
  const { alice, bob } = await world();
  await allow(alice, "automations", 2_000);
  await allow(alice, "subscriptions", 2_000);
  const at = await rowsOverTime(alice, 1_000);
  // An automation has few actions.
  const long = Object.keys(tableOf).filter((list) => list !== "/automations/:id/actions");
  for (const path of long.map(at)) {
    const { pagination } = (await alice.get(`${path}?limit=1`)).body;
    assertEquals([pagination.total, "total_is_estimate" in pagination, pagination.has_more], [1_000, false, true]);
    const next = (await alice.get(`${path}?limit=1&after=${pagination.next_cursor}`)).body.pagination;
    assertEquals([next.total, "total_is_estimate" in next], [1_000, false], `${path} with a cursor`);
  }
  await rowsOverTime(alice, 1);
  for (const list of long) {
    const path = at(list);
    const { pagination } = (await alice.get(`${path}?limit=1`)).body;
    assertEquals([pagination.total >= 1_001, pagination.total_is_estimate], [true, true], path);
    if (path === list) assertEquals(await ids(bob, path), []);
    else assertEquals((await bob.get(path)).status, 404, path);
  }
});

Deno.test("a category is found by its name, whatever else it spells", async () => {
  const { alice } = await world();
  const { referrer } = await chain(alice);
  const names = ["true", "null", "unknown", "007", "1e3", "{}", '"MRI"', "a,b", "(or)", "eq.x", "*"];
  await alice.changes("/company/crm-settings", { referral_categories: names });
  const made = await Promise.all(
    names.map((category) => alice.creates("/referrals", { referrer_contact_id: referrer.id, category })),
  );

  for (const { id, category } of made) {
    assertEquals([category, await ids(alice, `/referrals?category=${encodeURIComponent(category)}`)], [category, [id]]);
  }
  const { body } = await alice.rest(
    "GET",
    '/referrals?select=category&category=in.("true","null","007")&category=neq.true',
  );
  assertEquals(body.map(({ category }: Json) => category).toSorted(), ["007", "null"]);
});
