import { assertEquals, assertMatch } from "@std/assert";
import { call, chain, type Json, type Person, type Reply, stack, world } from "../world/world.ts";

/** What their published loop gives: pages of 100 until `has_more` is false, each after the cursor of the one before. */
async function listAll(person: Person, resource: string, name: "after" | "cursor", limit = 100): Promise<Json[]> {
  const rows: Json[] = [];
  for (let cursor: string | null = null;;) {
    const { body } = await person.get(`/${resource}?limit=${limit}${cursor ? `&${name}=${cursor}` : ""}`);
    rows.push(...body.data);
    if (!body.pagination.has_more) return rows;
    cursor = body.pagination.next_cursor;
  }
}

/** How their published client words an error; a detail that is no object makes it crash. */
function worded({ body }: Reply): string {
  const { message, details } = body.error;
  if (details !== undefined && (typeof details !== "object" || Array.isArray(details))) {
    throw new TypeError("no attribute 'get'");
  }
  const available = (details ?? {}).available;
  return `Server said: ${message}${available ? `\nValid options: ${available}` : ""}`;
}

Deno.test("the loop that TrustPager publishes gives alice each of her contacts once, by after and by cursor", async () => {
  const { alice, bob } = await world();
  await bob.creates("/contacts", { first_name: "Bob's" });
  const mine: string[] = [];
  for (const first_name of ["Rita", "Fred", "Ada", "Noah", "Sofia"]) {
    mine.unshift((await alice.creates("/contacts", { first_name })).id);
  }

  for (const name of ["after", "cursor"] as const) {
    assertEquals((await listAll(alice, "contacts", name, 2)).map((row) => row.id), mine);
    assertEquals((await listAll(alice, "contacts", name)).map((row) => row.id), mine);
  }
});

Deno.test("a place in a list has one name at a time, and its refusal names the one that was used", async () => {
  const { alice } = await world();
  for (const first_name of ["Rita", "Fred"]) await alice.creates("/contacts", { first_name });
  const { next_cursor: place } = (await alice.get("/contacts?limit=1")).body.pagination;

  const both = await alice.get(`/contacts?after=${place}&cursor=${place}`);
  const opposite = await alice.get(`/contacts?cursor=${place}&before=${place}`);
  const garbled = await alice.get("/contacts?cursor=x");
  const sorted = await alice.get(`/contacts?cursor=${place}&sort=updated_at`);

  const refused = [both, opposite, garbled, sorted];
  assertEquals(refused.map(({ status, error }) => [status, error.code]), Array(4).fill([400, "VALIDATION_ERROR"]));
  assertEquals(refused.map(({ error }) => error.details.fields[0].path), ["cursor", "before", "cursor", "cursor"]);
});

Deno.test("a client that reads errors as TrustPager's does words every refusal, with the valid options where there are any", async () => {
  const { alice } = await world();
  const { referrer, friend } = await chain(alice);
  const reader = await alice.holding("referrals:read");

  const misspelt = await alice.post("/contacts", { first_name: "Rita", surname: "Referrer" });
  const empty = await alice.post("/contacts", {});
  const odd = await alice.get("/referrals?status=odd");
  const filtered = await alice.get("/contacts?colour=red");
  const strange = await call("GET", "/referrals");
  const unscoped = await reader.post("/referrals", { referrer_contact_id: referrer.id });
  const nobody = await alice.get(`/contacts/${crypto.randomUUID()}`);
  const twin = await alice.post("/contacts", { first_name: "Twin", email: friend.email });
  const replies = [misspelt, empty, odd, filtered, strange, unscoped, nobody, twin];

  assertEquals(replies.map(({ status }) => status), [400, 400, 400, 400, 401, 403, 404, 409]);
  assertMatch(worded(misspelt), /surname is unknown here.\nValid options: first_name,last_name,email/);
  assertMatch(worded(empty), /first_name is required.\nValid options: first_name,last_name,email/);
  assertMatch(worded(odd), /Valid options: pending,accepted,converted,declined$/);
  assertMatch(worded(filtered), /Valid options: limit,after,cursor/);
  assertEquals([strange, unscoped, nobody, twin].map(worded).filter((text) => text.includes("Valid options")), []);
  assertMatch(misspelt.error.hint, /^Writable fields: first_name, last_name, email/);
  assertMatch(filtered.error.hint, /^Parameters: limit, after/);
  assertEquals(strange.error.details, { auth_scheme: "Bearer" });
  assertEquals(unscoped.error.details, { required_scopes: ["referrals:write"] });
  for (const { error, headers } of replies) {
    assertEquals(error.docs, `${stack.apiUrl}/docs#${error.code}`);
    assertEquals(headers.get("link"), `<${stack.apiUrl}/docs>; rel="help"`);
    assertEquals(error.request_id, headers.get("x-request-id"));
  }
});

Deno.test("a stranger who begins at the base is told what this is, and where everything stands", async () => {
  for (const base of ["", "/"]) {
    const { status, data } = await call("GET", base);
    assertEquals([status, data.name], [200, "Referrals"]);
    for (const address of [data.docs, data.openapi, data.health]) {
      assertEquals(await fetch(address).then((it) => (it.body?.cancel(), it.status)), 200, address);
    }
  }
  const page = await call("GET", "/docs");
  for (const code of ["VALIDATION_ERROR", "UNAUTHORIZED"]) assertMatch(page.text, new RegExp(`id="${code}"`));
});
