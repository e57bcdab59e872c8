import { assertEquals, assertNotEquals } from "@std/assert";
import { type Json, type Person, world } from "../world/world.ts";

/** Asks somebody; gives what hands a friend in by that request. */
async function asks(alice: Person, contact: Json) {
  // A fresh address, since one gets five mails a day.
  await alice.changes(`/contacts/${contact.id}`, { email: `${contact.first_name}-${crypto.randomUUID()}@example.com` });
  const { token, request_id } = await alice.creates("/referrals/request", { contact_id: contact.id, force: true });
  return async (friend: Json) => {
    const reply = await alice.post(`/public/referral-requests/${token}/submit`, { ...friend, consent: true });
    return { reply, request: await alice.gets(`/referrals/requests/${request_id}`) };
  };
}
const total = async (alice: Person, path: string) => (await alice.get(path)).body.pagination.total;

Deno.test("a family shares one phone: each of them is somebody, and none is taken for another", async () => {
  const { alice } = await world();
  const phone = "0412 000 106";
  const mum = await alice.creates("/contacts", { first_name: "Zoë", phone });
  const rita = await alice.creates("/contacts", {
    first_name: "Rita",
    email: "rita@example.com",
    phone: "02 8888 0000",
  });
  const family: [Json, string | null][] = [
    [{ first_name: "Zoe", phone }, mum.id],
    [{ first_name: " ZOË ", phone: "+61 412 000 106" }, mum.id],
    [{ first_name: "Tom", phone }, null],
    [{ first_name: "Zoe", email: "other.zoe@example.com", phone }, null],
    [{ first_name: "Ann", email: "ann@example.com", phone }, null],
    [{ first_name: "Rita’s son", phone: "02 8888 0000" }, null],
    [{ first_name: "Rita", email: "rita.junior@example.com", phone: "02 8888 0000" }, null],
  ];
  const seen = new Set([mum.id, rita.id]);
  for (const [friend, known] of family) {
    const { reply, request } = await (await asks(alice, rita))(friend);
    assertEquals(reply.status, 201, reply.text);
    const { referred_contact_id } = await alice.gets(`/referrals/${request.referral_id}`);
    if (known) assertEquals(referred_contact_id, known);
    else assertEquals(seen.has(referred_contact_id), false, friend.first_name);
    seen.add(referred_contact_id);
    assertEquals([request.submission.first_name, request.submission.email], [
      friend.first_name.trim(),
      friend.email ?? null,
    ]);
  }
  assertEquals(await alice.gets(`/contacts/${mum.id}`), mum, "nobody is overwritten");
  const own = await (await asks(alice, rita))({ first_name: "rita", phone: "(02) 8888 0000" });
  assertEquals([own.reply.status, own.reply.error.details.fields[0].path, own.request.status], [409, "phone", "sent"]);
});

Deno.test("who names a friend again counts once, until that referral is declined; somebody else counts too", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const sam = await alice.creates("/contacts", { first_name: "Sam", email: "sam@example.com" });
  const noah = { first_name: "Noah", email: "noah@example.com" };

  const first = await (await asks(alice, rita))(noah);
  const again = await (await asks(alice, rita))({ ...noah, email: "NOAH@example.com", message: "His other knee" });
  const bySam = await (await asks(alice, sam))(noah);
  const twice = [first, again, bySam].map((
    { reply },
  ) => [reply.status, reply.data.status, reply.data.already_referred]);
  assertEquals(twice, [[201, "submitted", false], [201, "submitted", true], [201, "submitted", false]]);
  assertEquals(again.request.referral_id, first.request.referral_id);
  assertEquals(again.request.submission.message, "His other knee");
  assertNotEquals(bySam.request.referral_id, first.request.referral_id);
  assertEquals([await total(alice, "/referrals"), await total(alice, "/opportunities")], [2, 2]);

  await alice.changes(`/referrals/${first.request.referral_id}`, { status: "declined" });
  const anew = await (await asks(alice, rita))(noah);
  assertEquals([anew.reply.data.already_referred, await total(alice, "/referrals")], [false, 3]);
  const { leaderboard } = await alice.gets("/referrals/leaderboard");
  assertEquals(
    leaderboard.map((it: Json) => [it.contact.first_name, it.total_referrals]).sort(),
    [["Rita", 1], ["Sam", 1]],
  );
});

Deno.test("of ten forms by which rita names noah at once, one refers him", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  await alice.creates("/contacts", { first_name: "Noah", email: "noah@example.com", phone: "0412 000 106" });
  const forms = [];
  for (let at = 0; at < 10; at++) forms.push(await asks(alice, rita));

  const answers = await Promise.all(
    forms.map((submit, at) =>
      submit(at % 2 ? { first_name: "Noah", email: "noah@example.com" } : { first_name: "noah", phone: "0412000106" })
    ),
  );

  assertEquals(answers.map(({ reply }) => reply.data.already_referred).sort(), [false, ...Array(9).fill(true)]);
  assertEquals([await total(alice, "/referrals"), await total(alice, "/opportunities")], [1, 1]);
});

Deno.test("a friend's form tells every problem at once, its phone's too", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const { reply, request } = await (await asks(alice, rita))({
    last_name: "",
    email: "noah@",
    phone: "0412 345",
    age: 3,
  });

  const paths = reply.error.details.fields.map(({ path }: Json) => path);
  assertEquals([reply.status, paths.sort()], [400, ["age", "email", "first_name", "last_name", "phone"]]);
  assertEquals([request.status, await total(alice, "/referrals")], ["sent", 0]);
});
