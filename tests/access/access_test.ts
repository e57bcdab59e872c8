import { assertEquals } from "@std/assert";
import type { Endpoint } from "../../supabase/functions/api/http/endpoint.ts";
import { mintKey } from "../../operator/mint.ts";
import { type Scope, scopes } from "../../supabase/functions/api/contract/scopes.ts";
import { contents } from "../world/contents.ts";
import { askEach, type Asking, endpoints, nowhere, rowsOf, scopesBeside, title } from "../world/every_endpoint.ts";
import { Person, type Reply, signing, sql, stack, workspace, world } from "../world/world.ts";

const unauthorized = (reply: Reply) => [reply.status, reply.error?.code, reply.headers.get("www-authenticate")];
const forbidden = (reply: Reply, { contract }: Endpoint) => [
  reply.status,
  reply.error?.code,
  reply.error?.message.includes(` ${contract.scope}.`),
];
const all = (expected: unknown[], chosen = endpoints) =>
  Object.fromEntries(chosen.map((endpoint) => [title(endpoint), expected]));
const noKey = all([401, "UNAUTHORIZED", "Bearer"]);

const scoped = endpoints.filter(({ contract }) => contract.scope !== null);
const wanted = [...new Set(scoped.map(({ contract }) => contract.scope!))];

/** The contract's ladder, said once more: `admin` is everything, writing and deleting include reading. */
function opens(held: Scope, scope: Scope): boolean {
  const [resource, access] = scope.split(":");
  return held === scope || held === "admin" ||
    (access === "read" && [`${resource}:write`, `${resource}:delete`].includes(held));
}

/** The most that a key may hold and still lack `scope`. */
const allBut = (scope: Scope) => scopes.filter((held) => !opens(held, scope));

/** For each scope that an endpoint wants, a key of the person's workspace whose token holds those. */
async function keysFor({ companyId }: Person, held: (scope: Scope) => readonly Scope[]) {
  const keys = await Promise.all(wanted.map(async (scope) => {
    const key = await mintKey(sql, signing, { companyId, name: `for ${scope}`, scopes: [...held(scope)] });
    return [scope, new Person(companyId, key.id, key.token)] as const;
  }));
  return new Map<Scope | null, Person>(keys);
}

Deno.test("no endpoint answers without a key of the API in the Authorization header, and nothing is written", async () => {
  const { alice } = await world();
  const rows = await rowsOf(alice);
  const before = await contents(alice);

  const strangers: Asking[] = [
    {},
    { token: "garbage" },
    { token: "not.a.key" },
    { token: "e".repeat(5_000) },
    { token: stack.publishableKey },
    { headers: { authorization: alice.token } },
    { headers: { authorization: `Basic ${alice.token}` } },
    { headers: { apikey: alice.token } },
    { headers: { cookie: `access_token=${alice.token}` } },
    { query: `?apikey=${alice.token}` },
    { query: `?access_token=${alice.token}` },
    { query: `?token=${alice.token}`, token: "garbage" },
  ];
  for (const asking of strangers) {
    assertEquals(await askEach(endpoints, rows, asking, unauthorized), noKey, JSON.stringify(asking));
  }
  assertEquals(await contents(alice), before);
});

Deno.test("a key that holds all but the scope is told which one it lacks, and nothing is written", async () => {
  const { alice } = await world();
  const rows = await rowsOf(alice);
  const keys = await keysFor(alice, allBut);
  const before = await contents(alice);

  const keyed = ({ contract }: Endpoint) => ({ token: keys.get(contract.scope)!.token });
  const right = await askEach(scoped, rows, keyed, forbidden);
  const wrong = await askEach(scoped, rows, (endpoint) => ({ ...keyed(endpoint), query: "?unknown=1" }), forbidden);

  assertEquals(right, all([403, "INSUFFICIENT_SCOPE", true], scoped));
  // Nor does such a key learn what its request would have been told: it is refused before that is read.
  assertEquals(wrong, all([403, "INSUFFICIENT_SCOPE", true], scoped));
  assertEquals(await contents(alice), before);
});

Deno.test("each scope alone opens what the ladder says, and no endpoint more", async () => {
  const { alice } = await world();
  const letIn = ({ status }: Reply) => status === 403 ? "no" : status < 500 && status !== 401 ? "yes" : status;

  for (const held of scopes) {
    const key = await alice.holding(held);

    const answers = await askEach(scoped, nowhere(), key, letIn);

    const ladder = scoped.map((endpoint) => [
      title(endpoint),
      [endpoint.contract.scope!, ...scopesBeside(endpoint)].every((scope) => opens(held, scope)) ? "yes" : "no",
    ]);
    assertEquals(answers, Object.fromEntries(ladder), held);
  }
});

Deno.test("a revoked key is refused at once and everywhere, also where the answer would be an empty list", async () => {
  const { alice } = await world();
  const empty = await workspace("Eve's empty studio");
  const rows = await rowsOf(alice);
  for (const person of [alice, empty]) {
    assertEquals((await person.get("/contacts")).status, 200);
    await sql`update api_keys set revoked_at = now() where id = ${person.keyId}`;
  }
  const before = await contents(alice);

  assertEquals(await askEach(endpoints, rows, alice, unauthorized), noKey);
  assertEquals(await askEach(endpoints, nowhere(), empty, unauthorized), noKey);
  assertEquals((await alice.rest("GET", "/referrals")).body.code, "UNAUTHORIZED");
  assertEquals(await contents(alice), before);
});

Deno.test("a key is over when its row says so, though its token has no end", async () => {
  const { alice } = await world();
  const rows = await rowsOf(alice);
  await sql`update api_keys set expires_at = now() - interval '1 second' where id = ${alice.keyId}`;
  const before = await contents(alice);

  assertEquals(await askEach(endpoints, rows, alice, unauthorized), noKey);
  assertEquals((await alice.rest("GET", "/referrals")).body.code, "UNAUTHORIZED");
  assertEquals(await contents(alice), before);
});

Deno.test("the keys of a deleted workspace are dead", async () => {
  const { alice } = await world();
  await sql`delete from companies where id = ${alice.companyId}`;

  assertEquals(await askEach(endpoints, nowhere(), alice, unauthorized), noKey);
});

Deno.test("a key whose row lost a scope lacks it from the next request on, whatever its token says", async () => {
  const { alice } = await world();
  const rows = await rowsOf(alice);
  const keys = await keysFor(alice, () => ["admin"]);
  for (const [scope, key] of keys) {
    assertEquals((await key.get("/contacts")).status, 200);
    await sql`update api_keys set scopes = ${allBut(scope!)} where id = ${key.keyId}`;
  }
  const before = await contents(alice);

  const answers = await askEach(scoped, rows, ({ contract }) => keys.get(contract.scope)!, forbidden);

  assertEquals(answers, all([403, "INSUFFICIENT_SCOPE", true], scoped));
  assertEquals(await contents(alice), before);
});

Deno.test("a dead key hears nothing of a rule it would break", async () => {
  const { alice } = await world();
  const { fields } = await rowsOf(alice);
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  await sql`update api_keys set revoked_at = now() where id = ${alice.keyId}`;
  const { referrer_contact_id } = fields;
  const before = await contents(alice);

  for (const broken of [{ category: "Dentist" }, { referred_contact_id: referrer_contact_id }]) {
    const answer = await alice.post("/referrals", { referrer_contact_id, ...broken });
    const around = await alice.rest("POST", "/referrals", { referrer_contact_id, ...broken });

    assertEquals([answer.status, answer.error.code, answer.error.hint], [401, "UNAUTHORIZED", undefined]);
    assertEquals([around.status, around.body.code, around.body.hint], [401, "UNAUTHORIZED", null]);
  }
  assertEquals(await contents(alice), before);
});
