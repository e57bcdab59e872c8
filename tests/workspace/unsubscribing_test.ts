import { assertEquals } from "@std/assert";
import { world } from "../world/world.ts";

Deno.test("a contact whom alice unsubscribes is asked no more, at no address, and bob may ask theirs", async () => {
  const { alice, bob } = await world();
  const email = `rita-${crypto.randomUUID()}@example.com`;
  const rita = await alice.creates("/contacts", { first_name: "Rita", email });
  const bobs = await bob.creates("/contacts", { first_name: "Rita", email });

  const foreign = await bob.post(`/contacts/${rita.id}/unsubscribe`, { channels: ["email"] });
  const byFax = await alice.post(`/contacts/${rita.id}/unsubscribe`, { channels: ["sms"] });
  const done = await alice.post(`/contacts/${rita.id}/unsubscribe`, { channels: ["email"] });
  const again = await alice.post(`/contacts/${rita.id}/unsubscribe`);
  const asked = await alice.post("/referrals/request", { contact_id: rita.id });
  await alice.changes(`/contacts/${rita.id}`, { email: `new-${email}` });
  const elsewhere = await alice.post("/referrals/request", { contact_id: rita.id });

  assertEquals([foreign, byFax, done, again].map(({ status }) => status), [404, 400, 200, 200]);
  assertEquals([done.data.email_unsubscribed, again.data.id], [true, rita.id]);
  assertEquals([asked, elsewhere].map(({ status, error }) => [status, error.code]), Array(2).fill([409, "CONFLICT"]));
  assertEquals((await bob.gets(`/contacts/${bobs.id}`)).email_unsubscribed, false);
  assertEquals((await bob.post("/referrals/request", { contact_id: bobs.id })).status, 201);
});

Deno.test("who has no email yet and is unsubscribed is so at the one they get, and by the key of their spelling", async () => {
  const { alice } = await world();
  const mailbox = `grace-${crypto.randomUUID()}@example.com`;
  const grace = await alice.creates("/contacts", { first_name: "Grace" });

  const done = await alice.post(`/contacts/${grace.id}/unsubscribe`);
  await alice.changes(`/contacts/${grace.id}`, { email: mailbox.toUpperCase() });
  const asked = await alice.post("/referrals/request", { contact_id: grace.id });
  await alice.changes(`/contacts/${grace.id}`, { email: null });
  const heir = await alice.creates("/contacts", { first_name: "Ada", email: mailbox });

  assertEquals([done.status, done.data.email_unsubscribed], [200, true]);
  assertEquals([asked.status, asked.error.code], [409, "CONFLICT"]);
  assertEquals(heir.email_unsubscribed, true);
});
