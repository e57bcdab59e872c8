import { assertEquals } from "@std/assert";
import { drift } from "../world/drift.ts";
import { chain, type Json, type Person, sql, world } from "../world/world.ts";

/** Two referrers and two opportunities of Alice's, not attributed yet. */
async function scene() {
  const { alice, bob } = await world();
  const [rita, sam, knee, hip] = await Promise.all([
    alice.creates("/contacts", { first_name: "Rita" }),
    alice.creates("/contacts", { first_name: "Sam" }),
    alice.creates("/opportunities", { name: "Fred's knee" }),
    alice.creates("/opportunities", { name: "Fred's hip" }),
  ]);
  const refers = (referrer: Json, opportunity: Json, more: Record<string, unknown> = {}) =>
    alice.creates("/referrals", { referrer_contact_id: referrer.id, referred_deal_id: opportunity.id, ...more });
  return { alice, bob, rita, sam, knee, hip, refers };
}

/** Who an opportunity is attributed to, as the API shows it, once nothing maintained differs from a recompute. */
async function attribution(person: Person, opportunity: Json) {
  assertEquals(await drift(person.companyId), []);
  const shown = await person.gets(`/opportunities/${opportunity.id}?expand=referrer`);
  assertEquals(shown.referrer?.id ?? null, shown.primary_referrer_contact_id);
  return [shown.referrer?.first_name ?? null, shown.primary_referrer_category];
}

Deno.test("an opportunity follows its newest referral, whether the API, the data API or SQL wrote it", async () => {
  const { alice, bob, rita, sam, knee, hip, refers } = await scene();
  const theirs = await chain(bob);
  const before = await attribution(alice, knee);

  await refers(rita, knee, { category: "MRI" });
  const byApi = await attribution(alice, knee);
  const written = await alice.rest("POST", "/referrals", { referrer_contact_id: sam.id, referred_deal_id: knee.id });
  const byDataApi = await attribution(alice, knee);
  await sql`
    insert into referrals (company_id, referrer_contact_id, referred_deal_id, category, created_at)
    values (${alice.companyId}, ${rita.id}, ${knee.id}, 'Physio', now() + interval '1 second'),
      (${alice.companyId}, ${sam.id}, ${knee.id}, 'Late entry', now() - interval '1 day')
  `;

  assertEquals([before, byApi, written.status, byDataApi], [[null, null], ["Rita", "MRI"], 201, ["Sam", null]]);
  assertEquals(await attribution(alice, knee), ["Rita", "Physio"]);
  assertEquals(await attribution(alice, hip), [null, null]);
  assertEquals(await attribution(bob, theirs.opportunity), ["Rita", null]);
});

Deno.test("of referrals of one instant the greatest id counts", async () => {
  const { alice, rita, sam, knee } = await scene();
  const [low, high] = [crypto.randomUUID(), crypto.randomUUID()].sort();

  await sql`
    insert into referrals (id, company_id, referrer_contact_id, referred_deal_id)
    values (${high}, ${alice.companyId}, ${sam.id}, ${knee.id}), (${low}, ${alice.companyId}, ${rita.id}, ${knee.id})
  `;

  assertEquals(await attribution(alice, knee), ["Sam", null]);
});

Deno.test("declining the newest referral gives the opportunity back to the one before, accepting it takes it again", async () => {
  const { alice, rita, sam, knee, refers } = await scene();
  const older = await refers(rita, knee, { category: "MRI" });
  const newer = await refers(sam, knee);

  const seen = [];
  const changes = [[newer, "declined"], [older, "declined"], [newer, "converted"], [older, "accepted"]];
  for (const [referral, status] of changes) {
    await alice.changes(`/referrals/${referral.id}`, { status });
    seen.push(await attribution(alice, knee));
  }

  assertEquals(seen, [["Rita", "MRI"], [null, null], ["Sam", null], ["Sam", null]]);
});

Deno.test("a changed category shows, that of an older referral does not", async () => {
  const { alice, rita, sam, knee, refers } = await scene();
  const older = await refers(rita, knee, { category: "MRI" });
  const newer = await refers(sam, knee, { category: "MRI" });

  await alice.changes(`/referrals/${older.id}`, { category: "Older" });
  const afterOlder = await attribution(alice, knee);
  await alice.rest("PATCH", `/referrals?id=eq.${newer.id}`, { category: "Physio" });
  const afterNewer = await attribution(alice, knee);
  await alice.changes(`/referrals/${newer.id}`, { category: null });

  assertEquals([afterOlder, afterNewer], [["Sam", "MRI"], ["Sam", "Physio"]]);
  assertEquals(await attribution(alice, knee), ["Sam", null]);
});

Deno.test("a referral that moves attributes the new opportunity and leaves the old one to who was there before", async () => {
  const { alice, rita, sam, knee, hip, refers } = await scene();
  await refers(rita, knee);
  const moving = await refers(sam, knee);

  await alice.changes(`/referrals/${moving.id}`, { referred_deal_id: hip.id });
  const moved = [await attribution(alice, knee), await attribution(alice, hip)];
  await alice.changes(`/referrals/${moving.id}`, { referred_deal_id: null });
  const loose = [await attribution(alice, knee), await attribution(alice, hip)];

  assertEquals([moved, loose], [[["Rita", null], ["Sam", null]], [["Rita", null], [null, null]]]);
});

Deno.test("deleting the newest referral, or its referrer, uncovers the one before", async () => {
  const { alice, rita, sam, knee, refers } = await scene();
  await refers(rita, knee, { category: "MRI" });
  await refers(sam, knee, { category: "Physio" });
  const newest = await refers(rita, knee);

  await alice.delete(`/referrals/${newest.id}`);
  const afterReferral = await attribution(alice, knee);
  await sql`delete from crm_contacts where id = ${sam.id}`;
  const afterReferrer = await attribution(alice, knee);
  await sql`delete from crm_contacts where id = ${rita.id}`;

  assertEquals([afterReferral, afterReferrer], [["Sam", "Physio"], ["Rita", "MRI"]]);
  assertEquals(await attribution(alice, knee), [null, null]);
  assertEquals((await alice.gets("/referrals/leaderboard")).leaderboard, []);
});

Deno.test("statements over a thousand referrals of several opportunities keep every one right", async () => {
  const { alice, rita, sam, knee, hip } = await scene();
  const names = [rita.id, sam.id];
  await sql`
    insert into referrals (company_id, referrer_contact_id, referred_deal_id, category, status, created_at)
    select ${alice.companyId}, (${names}::uuid[])[1 + i % 2], (${[
    knee.id,
    hip.id,
    null,
  ]}::uuid[])[1 + i % 3], 'No ' || i,
      (array['pending', 'converted', 'declined'])[1 + i % 3], now() + i * interval '1 millisecond'
    from generate_series(0, 999) as i
  `;
  const inserted = [await attribution(alice, knee), await attribution(alice, hip)];
  await sql`
    update referrals
    set referred_deal_id = case referred_deal_id when ${knee.id} then ${hip.id}::uuid else ${knee.id}::uuid end,
      status = case status when 'converted' then 'declined' else 'converted' end
    where company_id = ${alice.companyId}
  `;
  const swapped = [await attribution(alice, knee), await attribution(alice, hip)];
  await sql`delete from referrals where company_id = ${alice.companyId} and category <> 'No 5'`;

  assertEquals([inserted, swapped], [[["Sam", "No 999"], ["Sam", "No 997"]], [["Rita", "No 998"], ["Sam", "No 999"]]]);
  assertEquals([await attribution(alice, knee), await attribution(alice, hip)], [["Sam", "No 5"], [null, null]]);
});

Deno.test("what is rolled back attributes nothing and counts nothing", async () => {
  const { alice, rita, sam, knee, refers } = await scene();
  const referral = await refers(rita, knee);
  const state = () =>
    sql`select * from private.referrer_counts join crm_deals using (company_id) where company_id = ${alice.companyId} order by name`;
  const before = await state();

  const undone = await sql.begin(async (tx) => {
    await tx`
      insert into referrals (company_id, referrer_contact_id, referred_deal_id, status)
      values (${alice.companyId}, ${sam.id}, ${knee.id}, 'converted')
    `;
    await tx`delete from referrals where id = ${referral.id}`;
    throw new Error("changed my mind");
  }).catch((error) => error.message);

  assertEquals([undone, await state()], ["changed my mind", before]);
  assertEquals(await attribution(alice, knee), ["Rita", null]);
});

Deno.test("nobody attributes an opportunity by writing the cached columns", async () => {
  const { alice, rita, sam, knee, refers } = await scene();
  await refers(rita, knee);

  for (const field of [{ primary_referrer_contact_id: sam.id }, { primary_referrer_category: "Mine" }]) {
    const [name] = Object.keys(field);
    for (const [method, path] of [["patch", `/opportunities/${knee.id}`], ["post", "/opportunities"]] as const) {
      const refused = await alice[method](path, { name: "Fred's elbow", ...field });
      assertEquals([refused.status, refused.error.code], [400, "VALIDATION_ERROR"]);
      assertEquals(refused.error.details.fields, [{ path: name, message: "is read-only here" }]);
    }
    const around = await alice.rest("PATCH", `/crm_deals?id=eq.${knee.id}`, field);
    const inserted = await alice.rest("POST", "/crm_deals", { name: "Fred's elbow", ...field });
    assertEquals([around.status, around.body.code], [403, "42501"]);
    assertEquals([inserted.status, inserted.body.code], [403, "42501"]);
  }

  assertEquals(await attribution(alice, knee), ["Rita", null]);
  assertEquals((await alice.get("/opportunities")).body.pagination.total, 2);
});

Deno.test("the leaderboard ranks by converted, all referrals and id, and counts no other workspace's", async () => {
  const { alice, bob } = await world();
  await chain(bob);
  const contacts = await Promise.all(
    ["Ann", "Ben", "Cat", "Dan", "Eve", "Zoe"].map((name) => alice.creates("/contacts", { first_name: name })),
  );
  const scores = [[2, 3], [2, 3], [1, 4], [1, 1], [0, 2], [0, 0]];
  await Promise.all(contacts.flatMap(({ id }, person) =>
    Array.from({ length: scores[person][1] }, (_, i) => {
      const status = i < scores[person][0] ? "converted" : "accepted";
      return alice.creates("/referrals", { referrer_contact_id: id, status });
    })
  ));
  // What was declined ranks nowhere, and moves nobody.
  await Promise.all(
    [...contacts, ...contacts].map(({ id }) =>
      alice.creates("/referrals", { referrer_contact_id: id, status: "declined" })
    ),
  );
  const board = async (query: string) => (await alice.gets(`/referrals/leaderboard?${query}`)).leaderboard;
  const lines = (entries: Json[]) =>
    entries.map((it) =>
      `${it.rank} ${it.contact.first_name} ${it.converted_referrals}/${it.total_referrals} ${it.conversion_rate}`
    );
  const byId = (...people: Json[]) => people.sort((a, b) => a.id < b.id ? -1 : 1).map((it) => it.first_name);
  const [ann, ben] = byId(contacts[0], contacts[1]);
  const [third, fourth] = byId(contacts[2], contacts[3]);

  const all = await board("");
  const contact = { id: all[0].contact.id, first_name: ann, last_name: null, email: null, images: [] };
  assertEquals(all[0], { rank: 1, contact, total_referrals: 3, converted_referrals: 2, conversion_rate: 0.6667 });
  const best = [`1 ${ann} 2/3 0.6667`, `1 ${ben} 2/3 0.6667`];
  assertEquals(lines(all), [...best, "3 Cat 1/4 0.25", "4 Dan 1/1 1", "5 Eve 0/2 0"]);
  const converted = [`1 ${ann} 2/2 1`, `1 ${ben} 2/2 1`, `3 ${third} 1/1 1`, `3 ${fourth} 1/1 1`];
  assertEquals([lines(await board("only_converted=true")), lines(await board("limit=1"))], [converted, [best[0]]]);
  assertEquals(await board("limit=50&only_converted=false"), all);
  assertEquals(await board("limit=1000"), all);
  for (const [query, path] of [["limit=0", "limit"], ["limit=x", "limit"], ["only_converted=1", "only_converted"]]) {
    const refused = await alice.get(`/referrals/leaderboard?${query}`);
    const paths = refused.error.details.fields.map((detail: Json) => detail.path);
    assertEquals([refused.status, refused.error.code, paths], [400, "VALIDATION_ERROR", [path]]);
  }
});
