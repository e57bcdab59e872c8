import { assertEquals } from "@std/assert";
import { chain, type Json, type Person, sql, world } from "../world/world.ts";

const names = async (person: Person, path: string): Promise<string[]> =>
  (await person.gets(path)).map((contact: Json) => contact.first_name);

Deno.test("an archived contact is in no list that does not ask for it, is found by a search, and comes back", async () => {
  const { alice, bob } = await world();
  await alice.creates("/contacts", { first_name: "Fred", source: "website" });
  const rita = await alice.creates("/contacts", { first_name: "Rita", source: "api" });
  const before = await alice.creates("/contacts", { first_name: "Ada", archived: true });

  const archived = await alice.changes(`/contacts/${rita.id}`, { archived: true });
  const foreign = await bob.patch(`/contacts/${rita.id}`, { archived: false });

  assertEquals([rita.archived_at, typeof archived.archived_at, typeof before.archived_at], [null, "string", "string"]);
  assertEquals([foreign.status, foreign.error.code], [404, "NOT_FOUND"]);
  assertEquals(await names(alice, "/contacts"), ["Fred"]);
  assertEquals(await names(alice, "/contacts?archived=false"), ["Fred"]);
  assertEquals(await names(alice, "/contacts?archived=true"), ["Ada", "Rita"]);
  assertEquals(await names(alice, "/contacts?archived=all"), ["Ada", "Rita", "Fred"]);
  assertEquals(await names(alice, "/contacts?search=rita"), []);
  const found = await alice.post("/contacts/search", { query: "rita", limit: 500 });
  assertEquals([found.status, found.data.map((it: Json) => it.id), found.body.pagination.limit], [200, [rita.id], 100]);
  assertEquals((await bob.post("/contacts/search", { query: "rita" })).data, []);

  assertEquals((await alice.changes(`/contacts/${rita.id}`, { archived: false })).archived_at, null);
  assertEquals(await names(alice, "/contacts"), ["Rita", "Fred"]);
});

Deno.test("contacts are listed by their source, and by whether they want no more mails", async () => {
  const { alice } = await world();
  const email = `rita-${crypto.randomUUID()}@example.com`;
  await alice.creates("/contacts", { first_name: "Rita", email, source: "website" });
  const fred = await alice.creates("/contacts", { first_name: "Fred", source: "api" });
  const before = await alice.gets("/contacts?email_unsubscribed=true");

  await sql`insert into private.unsubscribed (company_id, email) values (${alice.companyId}, ${email})`;
  await alice.patch(`/contacts/${fred.id}`, { source: null });

  assertEquals(before, []);
  assertEquals(await names(alice, "/contacts?source=website"), ["Rita"]);
  assertEquals(await names(alice, "/contacts?source=api"), []);
  assertEquals(await names(alice, "/contacts?email_unsubscribed=true"), ["Rita"]);
  assertEquals(await names(alice, "/contacts?email_unsubscribed=false"), ["Fred"]);
  assertEquals((await alice.post("/contacts", { first_name: "X", email_unsubscribed: false })).status, 400);
});

Deno.test("a contact whom something names goes only when alice insists, and one whom nothing names goes at once", async () => {
  const { alice, bob } = await world();
  const { referrer, friend, referral, opportunity } = await chain(alice);
  const lonely = await alice.creates("/contacts", { first_name: "Lonely" });
  const writer = await alice.holding("contacts:write", "referrals:write");

  const unscoped = await writer.delete(`/contacts/${lonely.id}`);
  const foreign = await bob.delete(`/contacts/${lonely.id}?force=true`);
  const named = [await alice.delete(`/contacts/${referrer.id}`), await alice.delete(`/contacts/${friend.id}`)];
  const kept = (await alice.gets("/contacts")).length;
  const gone = await alice.delete(`/contacts/${lonely.id}`);
  const forced = await alice.delete(`/contacts/${friend.id}?force=true`);

  assertEquals([unscoped.status, unscoped.error.details], [403, { required_scopes: ["contacts:delete"] }]);
  assertEquals([foreign.status, foreign.error.code], [404, "NOT_FOUND"]);
  assertEquals(named.map(({ status, error }) => [status, error.code]), Array(2).fill([409, "CONFLICT"]));
  assertEquals([kept, gone.status, forced.status], [3, 204, 204]);
  assertEquals(await names(alice, "/contacts"), ["Rita"]);
  assertEquals((await alice.gets(`/referrals/${referral.id}`)).referred_contact_id, null);
  assertEquals((await alice.gets(`/opportunities/${opportunity.id}`)).contact_id, null);
});
