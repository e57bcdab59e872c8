import { assertEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { askEach, type Asking, endpoints, rowsOf, title } from "../world/every_endpoint.ts";
import { chain, type Reply, sql, world } from "../world/world.ts";

const all = (expected: unknown[], chosen = endpoints) =>
  Object.fromEntries(chosen.map((endpoint) => [title(endpoint), expected]));

Deno.test("a key counts in the Authorization header alone: nowhere else does an endpoint look for one", async () => {
  const { alice } = await world();
  const rows = await rowsOf(alice);
  const before = await contents(alice);

  const elsewhere: Asking[] = [
    { token: "e".repeat(5_000) },
    { headers: { authorization: `Basic ${alice.token}` } },
    { headers: { apikey: alice.token } },
    { headers: { cookie: `access_token=${alice.token}` } },
    { query: `?apikey=${alice.token}` },
    { query: `?access_token=${alice.token}` },
    { query: `?token=${alice.token}`, token: "garbage" },
  ];
  const unauthorized = (reply: Reply) => [reply.status, reply.error?.code, reply.headers.get("www-authenticate")];
  for (const asking of elsewhere) {
    const answers = await askEach(endpoints, rows, asking, unauthorized);
    assertEquals(answers, all([401, "UNAUTHORIZED", "Bearer"]), JSON.stringify(asking));
  }
  assertEquals(await contents(alice), before);
});

Deno.test("a key without the scope is refused before its request is read", async () => {
  const { alice } = await world();
  const rows = await rowsOf(alice);
  const scoped = endpoints.filter(({ contract }) => contract.scope !== null);
  const reader = await alice.holding("contacts:read");
  const other = await alice.holding("company:read");
  const before = await contents(alice);

  const answers = await askEach(
    scoped,
    rows,
    ({ contract }) => ({ token: (contract.scope === "contacts:read" ? other : reader).token, query: "?unknown=1" }),
    ({ status, error }) => [status, error?.code],
  );

  assertEquals(answers, all([403, "INSUFFICIENT_SCOPE"], scoped));
  assertEquals(await contents(alice), before);
});

Deno.test("a key that may not write hears nothing of a rule it would break, on either way in", async () => {
  const { alice } = await world();
  const { referrer } = await chain(alice);
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  const [reader, dead] = [await alice.holding("contacts:write"), await alice.holding("admin")];
  await sql`update api_keys set revoked_at = now() where id = ${dead.keyId}`;
  const before = await contents(alice);

  for (const broken of [{ category: "Dentist" }, { referred_contact_id: referrer.id }]) {
    const referral = { referrer_contact_id: referrer.id, ...broken };
    const [refused, late] = [await reader.post("/referrals", referral), await dead.post("/referrals", referral)];
    const around = [await reader.rest("POST", "/referrals", referral), await dead.rest("POST", "/referrals", referral)];

    assertEquals([refused, late].map(({ status, error }) => [status, error.code, error.hint]), [
      [403, "INSUFFICIENT_SCOPE", undefined],
      [401, "UNAUTHORIZED", undefined],
    ]);
    assertEquals(around.map(({ status, body }) => [status, body.code, body.hint]), [
      [403, "42501", null],
      [401, "UNAUTHORIZED", "Ask whoever runs this API for a new key."],
    ]);
  }
  assertEquals(await contents(alice), before);
});
