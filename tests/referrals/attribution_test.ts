import { assertEquals } from "@std/assert";
import { ask } from "../world/ask.ts";
import { drift } from "../world/drift.ts";
import { call, type Json, type Person, type Reply, sql, world } from "../world/world.ts";

/** Fred's knee, which the form attributed to Rita, and Sam and Tess, who might be put in her place. */
async function scene() {
  const { alice, bob } = await world();
  const { rita, token } = await ask(alice);
  const friend = { first_name: "Fred", email: "fred@example.com", category: "MRI", consent: true };
  const submitted = await call("POST", `/public/referral-requests/${token}/submit`, friend);
  assertEquals(submitted.status, 201, submitted.text);
  const [[knee], [fred], sam, tess] = await Promise.all([
    alice.gets("/opportunities"),
    alice.gets("/contacts?search=fred@example.com"),
    alice.creates("/contacts", { first_name: "Sam" }),
    alice.creates("/contacts", { first_name: "Tess" }),
  ]);
  const attributes = (referrer: Json, more: Json = {}) =>
    alice.post("/referrals/attribute", {
      opportunity_id: knee.id,
      referrer_contact_id: referrer && referrer.id,
      ...more,
    });
  return { alice, bob, rita, sam, tess, knee, fred, attributes };
}

/** Who an answered opportunity is attributed to. */
function referrer({ status, text, data }: Reply) {
  assertEquals(status, 200, text);
  assertEquals(data.referrer?.id ?? null, data.primary_referrer_contact_id);
  return [data.referrer?.first_name ?? null, data.primary_referrer_category];
}

const attributed = async (person: Person, opportunity: Json) =>
  referrer(await person.get(`/opportunities/${opportunity.id}?expand=referrer`));

async function handSet({ companyId }: Person): Promise<Json[]> {
  return [...await sql`select * from referrals where company_id = ${companyId} and hand_set`];
}

/** A checksum of every referral that was not set by hand. */
async function others({ companyId }: Person): Promise<string> {
  const [{ sum }] = await sql`
    select md5(string_agg(to_jsonb(referrals)::text, ',' order by id)) as sum
    from referrals where company_id = ${companyId} and not hand_set
  `;
  return sum;
}

Deno.test("a key with referrals:write alone sets a referrer, and is answered the opportunity with them", async () => {
  const { alice, sam, knee, fred } = await scene();
  const writer = await alice.holding("referrals:write");
  const before = await others(alice);

  const set = await writer.post("/referrals/attribute", {
    opportunity_id: knee.id.toUpperCase(),
    referrer_contact_id: sam.id,
    category: "Physio",
  });

  assertEquals(referrer(set), ["Sam", "Physio"]);
  assertEquals(set.data, await alice.gets(`/opportunities/${knee.id}?expand=referrer`));
  const [{ id, created_at }, ...more] = await handSet(alice);
  const { created_at: shown, updated_at: _, ...row } = await alice.gets(`/referrals/${id}`);
  assertEquals([more, shown], [[], created_at.toISOString()]);
  assertEquals(row, {
    id,
    company_id: alice.companyId,
    referrer_contact_id: sam.id,
    referred_contact_id: fred.id,
    referred_deal_id: knee.id,
    source: "manual",
    status: "pending",
    category: "Physio",
    notes: null,
    converted_at: null,
    created_by: writer.keyId,
  });
  assertEquals(await others(alice), before);
});

Deno.test("reassigning changes the same referral, and its category only when it is given", async () => {
  const { alice, sam, tess, attributes } = await scene();
  const before = await others(alice);

  const seen = [];
  for (
    const [who, more] of [[sam, { category: "Physio" }], [tess, {}], [tess, { category: "MRI" }], [sam, {
      category: null,
    }]]
  ) {
    seen.push(referrer(await attributes(who, more)));
  }

  assertEquals(seen, [["Sam", "Physio"], ["Tess", "Physio"], ["Tess", "MRI"], ["Sam", null]]);
  const [first, ...more] = await handSet(alice);
  await attributes(sam);
  assertEquals([await handSet(alice), more], [[first], []]);
  await attributes(tess);
  const [{ referrer_contact_id, updated_at, ...kept }] = await handSet(alice);
  assertEquals(referrer_contact_id, tess.id);
  assertEquals({ ...kept, referrer_contact_id: sam.id, updated_at: first.updated_at }, { ...first });
  assertEquals([updated_at > first.updated_at, await others(alice)], [true, before]);
});

Deno.test("a hand-set referrer outranks whoever refers later, until it is declined or deleted", async () => {
  const { alice, rita, sam, tess, knee, attributes } = await scene();
  await attributes(sam, { category: "Physio" });

  await alice.creates("/referrals", { referrer_contact_id: tess.id, referred_deal_id: knee.id });
  const outranked = await attributed(alice, knee);
  const [{ id }] = await handSet(alice);
  await alice.changes(`/referrals/${id}`, { status: "declined" });
  const declined = await attributed(alice, knee);
  await alice.changes(`/referrals/${id}`, { status: "accepted" });
  const again = await attributed(alice, knee);
  await alice.delete(`/referrals/${id}`);

  assertEquals([outranked, declined, again], [["Sam", "Physio"], ["Tess", null], ["Sam", "Physio"]]);
  assertEquals([await attributed(alice, knee), await drift(alice.companyId)], [["Tess", null], []]);
  assertEquals(referrer(await attributes(rita)), ["Rita", null]);
});

Deno.test("clearing empties the opportunity until a newer referral arrives or somebody sets it again", async () => {
  const { alice, rita, sam, tess, knee, attributes } = await scene();
  const before = await others(alice);

  const formed = await attributed(alice, knee);
  const cleared = referrer(await attributes(null));
  const none = await handSet(alice);
  const set = referrer(await attributes(sam, { category: "Physio" }));
  const [first] = await handSet(alice);
  const clearedAgain = referrer(await attributes(null));
  const [declined] = await handSet(alice);
  assertEquals([formed, cleared, set, clearedAgain], [["Rita", "MRI"], [null, null], ["Sam", "Physio"], [null, null]]);
  assertEquals([none.length, await others(alice)], [0, before]);
  assertEquals({ ...declined, updated_at: null }, { ...first, status: "declined", updated_at: null });

  const [{ id }] = await alice.gets(`/referrals?referrer_contact_id=${rita.id}`);
  await alice.changes(`/referrals/${id}`, { status: "accepted" });
  const older = await attributed(alice, knee);
  await alice.creates("/referrals", { referrer_contact_id: tess.id, referred_deal_id: knee.id });
  const newer = await attributed(alice, knee);
  const setAgain = referrer(await attributes(sam));

  assertEquals([older, newer, setAgain], [[null, null], ["Tess", null], ["Sam", "Physio"]]);
  const [last, ...more] = await handSet(alice);
  assertEquals([more, { ...last, updated_at: null }], [[], { ...first, updated_at: null }]);
  assertEquals(await drift(alice.companyId), []);
});

Deno.test("who is on record for that friend and opportunity already can be set, and the record stays", async () => {
  const { alice, rita, sam, knee, fred, attributes } = await scene();
  const before = await others(alice);

  const set = await attributes(rita, { category: "Physio" });
  const [{ referrer_contact_id, referred_contact_id }] = await handSet(alice);
  const reassigned = [await attributes(sam), await attributes(rita), await attributes(fred), await attributes(sam)];
  const [last, ...more] = await handSet(alice);

  assertEquals([referrer(set), referrer_contact_id, referred_contact_id], [["Rita", "Physio"], rita.id, null]);
  assertEquals(reassigned.map((reply) => referrer(reply)[0]), ["Sam", "Rita", "Fred", "Sam"]);
  assertEquals([more, last.referred_contact_id, await others(alice)], [[], fred.id, before]);
  assertEquals(await attributed(alice, knee), ["Sam", "Physio"]);
});

Deno.test("a hand-set referral takes its rank to another opportunity, but not to one that has its own", async () => {
  const { alice, rita, sam, tess, knee, attributes } = await scene();
  const [hip, elbow] = await Promise.all(
    ["Hip", "Elbow"].map((name) => alice.creates("/opportunities", { name })),
  );
  await attributes(sam);
  const [{ id }] = await handSet(alice);
  await alice.post("/referrals/attribute", { opportunity_id: hip.id, referrer_contact_id: tess.id });
  const [{ id: existing_id }] = await alice.gets(`/referrals?referrer_contact_id=${tess.id}`);

  const refused = await alice.patch(`/referrals/${id}`, { referred_deal_id: hip.id });
  const still = [await attributed(alice, knee), await attributed(alice, hip)];
  await alice.changes(`/referrals/${id}`, { referred_deal_id: elbow.id });
  await alice.creates("/referrals", { referrer_contact_id: rita.id, referred_deal_id: elbow.id });

  assertEquals([refused.status, refused.error.code, refused.error.existing_id], [409, "CONFLICT", existing_id]);
  assertEquals(still, [["Sam", null], ["Tess", null]]);
  assertEquals([await attributed(alice, knee), await attributed(alice, elbow)], [["Rita", "MRI"], ["Sam", null]]);
  assertEquals(await drift(alice.companyId), []);
});
