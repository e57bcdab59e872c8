import { assertEquals } from "@std/assert";
import { ask } from "../world/ask.ts";
import { mailbox, mailsTo } from "../world/mailbox.ts";
import { call, type Json, type Person, sql, world } from "../world/world.ts";

const fresh = (name: string) => `${name}-${crypto.randomUUID()}@example.com`;

const asking = async (person: Person, contact: Json) => {
  const reply = await person.post("/referrals/request", { contact_id: contact.id, force: true });
  return [reply.status, reply.error?.code ?? null];
};
const refused = [409, "CONFLICT"];
const asked = [201, null];

Deno.test("rita stays unsubscribed when her address changes, in another case, and without one in between", async () => {
  const { alice, bob } = await world();
  const { rita, requestId, unsubscribe } = await ask(alice);
  const other = await bob.creates("/contacts", { first_name: "Rita", email: rita.email });
  assertEquals((await call("POST", unsubscribe)).status, 200);
  const [second, third] = [fresh("second"), fresh("Third")];

  for (const email of [second, null, third]) {
    await alice.changes(`/contacts/${rita.id}`, { email });
    if (!email) continue;
    assertEquals(await asking(alice, rita), refused);
    const resent = await alice.post(`/referrals/requests/${requestId}/resend`);
    assertEquals([resent.status, resent.error.code], refused);
  }
  await sql`update crm_contacts set email = ${rita.email.toUpperCase()} where id = ${rita.id}`;
  assertEquals(await asking(alice, rita), refused);

  for (const address of [rita.email, second, third]) assertEquals(await mailsTo(address), []);
  assertEquals(await asking(bob, other), asked);
});

Deno.test("whoever gets an address that an unsubscribed person has had is asked no more either, and nobody else", async () => {
  const { alice } = await world();
  const { rita, unsubscribe } = await ask(alice);
  await call("POST", unsubscribe);
  const [later, free] = [fresh("later"), fresh("free")];
  await alice.changes(`/contacts/${rita.id}`, { email: later });
  const heir = await alice.creates("/contacts", { first_name: "Heir", email: rita.email.toUpperCase() });
  await alice.changes(`/contacts/${rita.id}`, { email: null });
  const next = await alice.creates("/contacts", { first_name: "Next", email: fresh("next") });

  assertEquals(await asking(alice, heir), refused);
  assertEquals(await asking(alice, next), asked);
  await alice.changes(`/contacts/${next.id}`, { email: later });
  assertEquals(await asking(alice, next), refused);
  await alice.changes(`/contacts/${next.id}`, { email: free });
  assertEquals(await asking(alice, next), asked);
});

Deno.test("a link of an old mail unsubscribes the person it went to, at the address that they have by then", async () => {
  const { alice } = await world();
  const { rita, unsubscribe } = await ask(alice);
  const present = fresh("present");
  await alice.changes(`/contacts/${rita.id}`, { email: present });

  await call("POST", unsubscribe);

  assertEquals(await asking(alice, rita), refused);
  const heir = await alice.creates("/contacts", { first_name: "Heir", email: rita.email });
  assertEquals(await asking(alice, heir), refused);
  await alice.changes(`/contacts/${rita.id}`, { email: null });
  await alice.changes(`/contacts/${heir.id}`, { email: present });
  assertEquals(await asking(alice, heir), refused);
});

Deno.test("a link still works when its contact and request are gone: the address is asked no more", async () => {
  const { alice } = await world();
  const { rita, unsubscribe } = await ask(alice);
  await sql`delete from crm_contacts where id = ${rita.id}`;

  const done = await call("POST", unsubscribe);

  const again = await alice.creates("/contacts", { first_name: "Rita", email: rita.email });
  assertEquals([done.status, await asking(alice, again)], [200, refused]);
});

Deno.test("a request is sent again to the address and name that rita has now, and not without one", async () => {
  const { alice } = await world();
  const { rita, requestId, token } = await ask(alice, { last_name: "Old" });
  const present = fresh("present");
  const row = async () => (await sql`select * from referral_requests where id = ${requestId}`)[0];
  const before = await row();

  await alice.changes(`/contacts/${rita.id}`, { email: null });
  const refused = await alice.post(`/referrals/requests/${requestId}/resend`);
  const kept = [await row(), (await call("GET", `/public/referral-requests/${token}`)).status];
  await alice.changes(`/contacts/${rita.id}`, { email: present, first_name: "Margarita", last_name: "New" });
  const sent = await alice.post(`/referrals/requests/${requestId}/resend`);

  assertEquals([refused.status, refused.error.code], [400, "VALIDATION_ERROR"]);
  assertEquals(kept, [before, 200]);
  assertEquals([sent.status, sent.data.email_sent], [200, true]);
  const { recipient_email, recipient_name } = await alice.gets(`/referrals/requests/${requestId}`);
  assertEquals([recipient_email, recipient_name], [present, "Margarita New"]);
  const [{ id }, ...more] = await mailsTo(present);
  const { text } = (await mailbox("GET", `/emails/${id}`)).json;
  assertEquals([text.startsWith("Hi Margarita,"), more, await mailsTo(rita.email)], [true, [], []]);
});
