import { assertEquals } from "@std/assert";
import { chain, sql, world } from "../world/world.ts";

Deno.test("alice logs a referral, and the opportunity is attributed to the referrer", async () => {
  const { alice } = await world();
  const { referrer, friend, opportunity, referral } = await chain(alice);

  assertEquals(
    [referral.referrer_contact_id, referral.referred_contact_id, referral.referred_deal_id],
    [referrer.id, friend.id, opportunity.id],
  );
  assertEquals([referral.source, referral.status, referral.converted_at], ["manual", "pending", null]);
  assertEquals([referral.company_id, referral.created_by], [alice.companyId, alice.keyId]);

  const attributed = await alice.gets(`/opportunities/${opportunity.id}?expand=referrer`);
  assertEquals(attributed.primary_referrer_contact_id, referrer.id);
  assertEquals(attributed.referrer, {
    id: referrer.id,
    email: referrer.email,
    phone: null,
    job_title: null,
    last_name: "Referrer",
    first_name: "Rita",
  });
});

Deno.test("a created referral is where Location says, and reads back the same", async () => {
  const { alice } = await world();
  const referrer = await alice.creates("/contacts", { first_name: "Rita" });

  const created = await alice.post("/referrals", { referrer_contact_id: referrer.id });

  assertEquals(created.headers.get("location")?.endsWith(`/functions/v1/api/v1/referrals/${created.data.id}`), true);
  assertEquals(await alice.gets(`/referrals/${created.data.id}`), created.data);
});

Deno.test("bob cannot rename alice's referral, and it keeps its notes", async () => {
  const { alice, bob } = await world();
  const { referral } = await chain(alice);

  const refused = await bob.patch(`/referrals/${referral.id}`, { notes: "Mine" });

  assertEquals([refused.status, refused.error.code], [404, "NOT_FOUND"]);
  assertEquals((await alice.gets(`/referrals/${referral.id}`)).notes, "Met at the gym");
});

Deno.test("entering converted stamps converted_at once, leaving it clears the stamp", async () => {
  const { alice } = await world();
  const { referral } = await chain(alice);

  const converted = await alice.changes(`/referrals/${referral.id}`, { status: "converted" });
  const again = await alice.changes(`/referrals/${referral.id}`, { status: "converted", notes: "Twice" });
  const declined = await alice.changes(`/referrals/${referral.id}`, { status: "declined" });

  assertEquals(typeof converted.converted_at, "string");
  assertEquals(again.converted_at, converted.converted_at);
  assertEquals(declined.converted_at, null);
});

Deno.test("nobody refers themself, neither on create nor by a change", async () => {
  const { alice } = await world();
  const { referrer, referral } = await chain(alice);

  const created = await alice.post("/referrals", {
    referrer_contact_id: referrer.id,
    referred_contact_id: referrer.id,
  });
  const changed = await alice.patch(`/referrals/${referral.id}`, { referred_contact_id: referrer.id });

  assertEquals([created.status, created.error.code], [409, "CONFLICT"]);
  assertEquals([changed.status, changed.error.code], [409, "CONFLICT"]);
  assertEquals(await alice.gets(`/referrals/${referral.id}`), referral);
  assertEquals((await alice.get("/referrals")).body.pagination.total, 1);
});

Deno.test("the same chain exists once, and the refusal names the row in the way", async () => {
  const { alice } = await world();
  const { referrer, friend, opportunity, referral } = await chain(alice);
  const other = await alice.creates("/referrals", { referrer_contact_id: referrer.id, referred_contact_id: friend.id });

  const twice = await alice.post("/referrals", {
    referrer_contact_id: referrer.id.toUpperCase(),
    referred_contact_id: friend.id,
    referred_deal_id: opportunity.id,
  });
  const withoutDeal = await alice.post("/referrals", {
    referrer_contact_id: referrer.id,
    referred_contact_id: friend.id,
  });
  const moved = await alice.patch(`/referrals/${other.id}`, { referred_deal_id: opportunity.id });

  assertEquals([twice.status, twice.error.code, twice.error.existing_id], [409, "CONFLICT", referral.id]);
  assertEquals([withoutDeal.status, withoutDeal.error.existing_id], [409, other.id]);
  assertEquals([moved.status, moved.error.existing_id], [409, referral.id]);
  assertEquals((await alice.get("/referrals")).body.pagination.total, 2);
});

Deno.test("a referral without a contact may repeat", async () => {
  const { alice } = await world();
  const referrer = await alice.creates("/contacts", { first_name: "Rita" });

  const first = await alice.creates("/referrals", { referrer_contact_id: referrer.id });
  const second = await alice.creates("/referrals", { referrer_contact_id: referrer.id });

  assertEquals(first.id === second.id, false);
});

Deno.test("a category is one of the workspace's, and old rows keep one that was taken off", async () => {
  const { alice } = await world();
  const { referrer, referral } = await chain(alice);
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI", "Physio"] });
  await alice.changes(`/referrals/${referral.id}`, { category: "MRI" });

  const refused = await alice.post("/referrals", { referrer_contact_id: referrer.id, category: "Dentist" });
  await alice.changes("/company/crm-settings", { referral_categories: ["Physio"] });
  const kept = await alice.changes(`/referrals/${referral.id}`, { category: "MRI", notes: "Still" });
  const late = await alice.post("/referrals", { referrer_contact_id: referrer.id, category: "MRI" });

  assertEquals([refused.status, refused.error.code, refused.error.hint], [
    400,
    "VALIDATION_ERROR",
    "Accepted: MRI, Physio",
  ]);
  assertEquals([kept.category, kept.notes], ["MRI", "Still"]);
  assertEquals([late.status, late.error.code], [400, "VALIDATION_ERROR"]);
  assertEquals((await alice.get("/referrals")).body.pagination.total, 1);
});

Deno.test("deleting a referral leaves the contacts and the opportunity, and clears the attribution", async () => {
  const { alice } = await world();
  const { referrer, friend, opportunity, referral } = await chain(alice);

  const deleted = await alice.delete(`/referrals/${referral.id}`);
  const again = await alice.delete(`/referrals/${referral.id}`);

  assertEquals([deleted.status, deleted.text], [204, ""]);
  assertEquals([again.status, again.error.code], [404, "NOT_FOUND"]);
  assertEquals((await alice.gets(`/contacts/${referrer.id}`)).id, referrer.id);
  assertEquals((await alice.gets(`/contacts/${friend.id}`)).id, friend.id);
  const left = await alice.gets(`/opportunities/${opportunity.id}?expand=referrer`);
  assertEquals([left.primary_referrer_contact_id, left.primary_referrer_category, left.referrer], [null, null, null]);
});

Deno.test("references to another workspace are the same 404 as missing ones, and nothing is written", async () => {
  const { alice, bob } = await world();
  const mine = await chain(alice);
  const theirs = await chain(bob);
  const missing = crypto.randomUUID();

  for (const field of ["referrer_contact_id", "referred_contact_id", "referred_deal_id"]) {
    const foreign = {
      referrer_contact_id: theirs.referrer.id,
      referred_contact_id: theirs.friend.id,
      referred_deal_id: theirs.opportunity.id,
    }[field];
    const answers = await Promise.all(
      [foreign, missing].map((id) => alice.post("/referrals", { referrer_contact_id: mine.referrer.id, [field]: id })),
    );
    const [one, other] = answers.map((reply) => ({ ...reply.error, request_id: "" }));

    assertEquals(answers.map((reply) => reply.status), [404, 404]);
    assertEquals(one, other);
    assertEquals(one.details.fields[0].path, field);
  }
  assertEquals((await alice.get("/referrals")).body.pagination.total, 1);
  const [{ count }] = await sql`select count(*)::int from referrals where company_id = ${bob.companyId}`;
  assertEquals(count, 1);
});
