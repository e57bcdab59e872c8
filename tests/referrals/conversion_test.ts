import { assertEquals } from "@std/assert";
import { mailsTo, plan } from "../world/mailbox.ts";
import { chain, type Json, sql, world } from "../world/world.ts";

const answer = ({ thank_you_sent, thank_you_error }: Json) => [thank_you_sent, thank_you_error];

Deno.test("fifty who convert one referral at once get one answer, and rita gets one mail", async () => {
  const { alice } = await world();
  const { referrer, referral } = await chain(alice);

  const replies = await Promise.all(Array.from({ length: 50 }, () => alice.post(`/referrals/${referral.id}/convert`)));

  assertEquals(new Set(replies.map((reply) => JSON.stringify([reply.status, reply.data]))).size, 1);
  assertEquals([replies[0].status, replies[0].data.status, ...answer(replies[0].data)], [200, "converted", true, null]);
  assertEquals((await mailsTo(referrer.email)).length, 1);
  const later = await alice.post(`/referrals/${referral.id}/convert`);
  assertEquals(later.data, replies[0].data);
  assertEquals((await mailsTo(referrer.email)).length, 1);
});

Deno.test("a mail that fails leaves the conversion, says why, and is sent by the next call", async () => {
  const { alice } = await world();
  const { referrer, opportunity, referral } = await chain(alice);
  await plan({ status: 500 }, { status: 500 });

  const failed = await alice.post(`/referrals/${referral.id}/convert`);
  const kept = await alice.gets(`/referrals/${referral.id}`);
  const retried = await alice.post(`/referrals/${referral.id}/convert`);

  assertEquals([failed.status, ...answer(failed.data)], [
    200,
    false,
    "The mail provider did not answer; try again later.",
  ]);
  assertEquals([kept.status, kept.converted_at], ["converted", failed.data.converted_at]);
  assertEquals([...answer(retried.data), retried.data.converted_at], [true, null, failed.data.converted_at]);
  assertEquals((await mailsTo(referrer.email)).length, 1);
  assertEquals((await alice.gets(`/opportunities/${opportunity.id}`)).primary_referrer_contact_id, referrer.id);
});

Deno.test("a referrer without an email is not thanked, and the referral is converted all the same", async () => {
  const { alice } = await world();
  const mute = await alice.creates("/contacts", { first_name: "Mute" });
  const referral = await alice.creates("/referrals", { referrer_contact_id: mute.id });

  const { data } = await alice.post(`/referrals/${referral.id}/convert`);

  assertEquals([data.status, ...answer(data)], ["converted", false, "The referrer has no email address."]);
});

Deno.test("a declined referral is not converted, and nobody is thanked", async () => {
  const { alice } = await world();
  const { referrer, referral } = await chain(alice);
  await alice.changes(`/referrals/${referral.id}`, { status: "declined" });

  const declined = await alice.post(`/referrals/${referral.id}/convert`);

  assertEquals([declined.status, declined.error.code], [409, "CONFLICT"]);
  assertEquals((await alice.gets(`/referrals/${referral.id}`)).converted_at, null);
  assertEquals(await mailsTo(referrer.email), []);
});

Deno.test("a claim whose sender died is taken over, and the provider's key keeps it one mail", async () => {
  const { alice } = await world();
  const { referrer, referral } = await chain(alice);
  const sent = await alice.post(`/referrals/${referral.id}/convert`);
  // As if the function had been killed after the provider took the mail, before that was recorded.
  await sql`update private.thank_yous set sent = null, claimed_at = now() - interval '1 minute' where referral_id = ${referral.id}`;

  const again = await alice.post(`/referrals/${referral.id}/convert`);

  assertEquals(answer(again.data), [true, null]);
  assertEquals(again.data.converted_at, sent.data.converted_at);
  assertEquals((await mailsTo(referrer.email)).length, 1);
});
