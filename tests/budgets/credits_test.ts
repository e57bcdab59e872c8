import { assertEquals } from "@std/assert";
import { call, eventually, sql, workspace } from "../world/world.ts";

const remaining = (reply: { body: { meta: { credits_remaining: number | null } } }) =>
  reply.body.meta.credits_remaining;

Deno.test("a metered key pays a credit a write and eleven for a mail, nothing for a read, and is told what is left", async () => {
  const clinic = await workspace("Alice's clinic");
  const alice = await clinic.within({ creditsPerMonth: 20 });
  assertEquals(remaining(await alice.get("/referrals")), 20);
  const rita = await alice.post("/contacts", { first_name: "Rita", email: "rita@example.com" });
  assertEquals([rita.status, remaining(rita)], [201, 19]);
  const asked = await alice.post("/referrals/request", { contact_id: rita.data.id });
  assertEquals([asked.status, remaining(asked)], [201, 8]);
  assertEquals(remaining(await alice.get("/contacts")), 8);
  assertEquals(remaining(await clinic.get("/contacts")), null);
});

Deno.test("without credit a write is refused before it is done, and a read is not", async () => {
  const clinic = await workspace("Alice's clinic");
  const alice = await clinic.within({ creditsPerMonth: 3 });
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, at) => alice.post("/contacts", { first_name: `Friend ${at}` })),
  );
  assertEquals(answers.map(({ status }) => status).sort(), [201, 201, 201, 403, 403, 403]);
  const refused = answers.find(({ status }) => status === 403);
  assertEquals(refused?.error.code, "INSUFFICIENT_CREDITS");
  assertEquals((await clinic.get("/contacts")).body.pagination.total, 3);
  assertEquals((await alice.get("/contacts")).status, 200);
});

Deno.test("what did not succeed costs nothing, and nobody gets back what they spent", async () => {
  const clinic = await workspace("Alice's clinic");
  const alice = await clinic.within({ creditsPerMonth: 3 });
  const used = async () => {
    const [{ used }] = await sql`select used from private.key_credits where key_id = ${alice.keyId}`;
    return used;
  };
  const missing = crypto.randomUUID();
  assertEquals((await alice.patch(`/contacts/${missing}`, { first_name: "Rita" })).status, 404);
  assertEquals((await alice.post("/contacts", { first_name: 1 })).status, 400);
  await eventually(async () => await used() === 0);
  assertEquals((await alice.post("/contacts", { first_name: "Rita" })).status, 201);
  assertEquals(await used(), 1);

  const [{ id: charge }] = await sql`select id from private.credit_charges where key_id = ${alice.keyId}`;
  const bob = await workspace("Bob's brokers");
  assertEquals((await bob.rest("POST", "/rpc/give_back_credits", { charge })).status, 204);
  assertEquals((await alice.rest("POST", "/rpc/give_back_credits", { charge: missing })).status, 204);
  assertEquals(await used(), 1);
  assertEquals((await alice.rest("POST", "/rpc/take_requests", { count: 1, cost: -5 })).status, 200);
  assertEquals(await used(), 1);
});

Deno.test("a new month has its own credits", async () => {
  const alice = await (await workspace("Alice's clinic")).within({ creditsPerMonth: 1 });
  assertEquals((await alice.post("/contacts", { first_name: "Rita" })).status, 201);
  assertEquals((await alice.post("/contacts", { first_name: "Fred" })).error.code, "INSUFFICIENT_CREDITS");
  await sql`update private.key_credits set month = month - interval '1 month' where key_id = ${alice.keyId}`;
  assertEquals((await alice.post("/contacts", { first_name: "Fred" })).status, 201);
  assertEquals((await call("GET", "/contacts", undefined, { token: alice.token })).body.pagination.total, 2);
});
