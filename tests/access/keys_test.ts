import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify } from "jose";
import { call, eventually, type Json, Person, sql, stack, workspace } from "../world/world.ts";

const stackSigning = { API_KEY_JWT_SECRET: stack.signing.secret, API_KEY_JWT_KID: stack.signing.kid };

/** Runs the operator's command on the stack's database, as `deno task keys` does. */
async function keys(args: string[], env: Record<string, string> = stackSigning) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "operator/keys.ts", ...args],
    env: { DATABASE_URL: stack.databaseUrl, ...env },
  }).output();
  return { code, printed: new TextDecoder().decode(stdout), said: new TextDecoder().decode(stderr) };
}

async function create(companyId: string, scopes: string, ...more: string[]): Promise<Person> {
  const { code, printed, said } = await keys(["create", "--company", companyId, "--scopes", scopes, ...more]);
  assertEquals(code, 0, said);
  return new Person(companyId, decodeJwt(printed.trim()).sub!, printed.trim());
}

const rowsOf = (companyId: string) => sql`select * from api_keys where company_id = ${companyId} order by id`;

Deno.test("a created key is alone on stdout, works at once, and is stored nowhere", async () => {
  const { companyId } = await workspace("Alice's clinic");

  const { code, printed, said } = await keys([
    ...["create", "--company", companyId.toUpperCase(), "--name", "Zapier"],
    ...["--scopes", "deals:read, referrals:read,opportunities:read", "--expires-in-days", "2"],
  ]);
  const token = printed.trim();
  const claims = decodeJwt(token);

  assertEquals(code, 0, said);
  assertMatch(printed, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  assertStringIncludes(said, claims.sub!);
  assertEquals(said.includes(token), false);
  assertEquals((await call("GET", "/deals", undefined, { token })).status, 200);
  assertEquals((await call("GET", "/contacts", undefined, { token })).error.code, "INSUFFICIENT_SCOPE");

  const [row] = await sql`select *, to_jsonb(api_keys)::text as text from api_keys where id = ${claims.sub!}`;
  assertEquals(
    [claims.role, claims.aud, claims.company_id, claims.scopes],
    ["api_key", "authenticated", companyId, ["opportunities:read", "referrals:read"]],
  );
  assertEquals([row.company_id, row.name, row.scopes], [companyId, "Zapier", claims.scopes]);
  assertEquals(Math.floor(row.expires_at / 1_000), claims.exp);
  assert(claims.exp! - claims.iat! >= 2 * 86_399 && claims.exp! - claims.iat! <= 2 * 86_400);
  assertEquals(row.text.includes(token.split(".")[2]), false);
});

Deno.test("the list shows each key with what it may do and whether it lives, and no token", async () => {
  const [alice, bob] = [await workspace("Alice's clinic"), await workspace("Bob's brokers")];
  const { keyId, token } = await create(alice.companyId, "referrals:read", "--name", "Zapier");
  await sql`update api_keys set revoked_at = '2026-01-02 03:04Z' where id = ${alice.keyId}`;

  const { code, printed } = await keys(["list", "--company", alice.companyId]);
  const [heads, ...lines] = printed.trim().split("\n").map((line) => line.split(/ {2,}/));

  const { expires_at } = (await rowsOf(alice.companyId)).find(({ id }) => id === keyId)!;
  const end = expires_at.toISOString().slice(0, 16).replace("T", " ");
  assertEquals([code, heads], [0, ["KEY", "COMPANY", "NAME", "SCOPES", "STATE", "USED"]]);
  assert(Math.abs(expires_at.getTime() - Date.now() - 365 * 86_400_000) < 60_000);
  assertEquals(
    lines.sort(),
    [
      [alice.keyId, alice.companyId, "Alice's clinic", "admin", "revoked 2026-01-02 03:04", "never used"],
      [keyId, alice.companyId, "Zapier", "referrals:read", `expires ${end}`, "never used"],
    ].sort(),
  );
  assertEquals(printed.includes(token), false);
  assertStringIncludes((await keys(["list"])).printed, bob.keyId);
});

Deno.test("a key lives a year unless told otherwise, and the list says which end soon", async () => {
  const { companyId, keyId } = await workspace("Alice's clinic");
  const [soon, endless] = [
    await create(companyId, "referrals:read", "--expires-in-days", "30"),
    await create(companyId, "crm_audit:read", "--never-expires"),
  ];

  const { printed, said } = await keys(["list", "--company", companyId]);
  const lineOf = (id: string) => printed.split("\n").find((line) => line.startsWith(id))!;
  assertMatch(lineOf(soon.keyId), / {2}expires soon, \d{4}-/);
  assertMatch(lineOf(endless.keyId), / audit:read {2,}active /);
  assertMatch(lineOf(keyId), / active /);
  assertEquals(said, "One key ends within 30 days.\n");
  assertEquals((await endless.get("/audit-log")).status, 200);
});

Deno.test("revoking a key says what it made and ends none of it; with --disable all of that ends", async () => {
  const alice = await workspace("Alice's clinic");
  const other = await alice.holding("admin");
  const automation = await other.creates("/automations", {
    name: "Thank them",
    trigger_type: "referral_attributed",
    enabled: true,
  });
  const action = await other.creates(`/automations/${automation.id}/actions`, { action_type: "attribute_referral" });
  const subscription = await other.creates("/webhooks/subscriptions", {
    url: "http://127.0.0.1:9/hooks",
    events: ["referral_attributed"],
  });
  const kept = await alice.creates("/automations", {
    name: "Hers",
    trigger_type: "referral_attributed",
    enabled: true,
  });
  const enabled = async () =>
    (await sql`
      select enabled from automations where id = ${automation.id}
      union all select enabled from webhook_subscriptions where id = ${subscription.id}
      union all select enabled from automations where id = ${kept.id}
    `).map((row) => row.enabled);
  const may = async () => (await sql`select private.maker_allows(${other.keyId}, '{referrals:read}') as may`)[0].may;

  const revoked = await keys(["revoke", other.keyId]);
  assertEquals([revoked.code, await enabled(), await may()], [0, [true, true, true], true], revoked.said);
  for (
    const text of ["1 automation, 1 action, 1 subscription", automation.id, action.id, subscription.id, "--disable"]
  ) {
    assertStringIncludes(revoked.said, text);
  }
  assertEquals(revoked.said.includes(kept.id), false);

  const disabled = await keys(["revoke", other.keyId, "--disable"]);
  assertEquals([disabled.code, await enabled(), await may()], [0, [false, false, true], false], disabled.said);
});

Deno.test("a revoked key is refused on its next request, and its fellow is not", async () => {
  const alice = await workspace("Alice's clinic");
  const other = await alice.holding("referrals:read");
  assertEquals((await alice.get("/referrals")).status, 200);

  const { code, printed, said } = await keys(["revoke", alice.keyId]);
  const refused = await alice.get("/referrals");
  const again = await keys(["revoke", alice.keyId]);

  assertEquals([code, printed, said], [0, "", `Key ${alice.keyId} is revoked.\n`]);
  assertEquals([refused.status, refused.error.code], [401, "UNAUTHORIZED"]);
  assertEquals((await other.get("/referrals")).status, 200);
  assertEquals(again.code, 0);
  assertMatch(again.said, /was revoked .* already/);
});

Deno.test("rotating replaces a key by one that may do the same: at once, or with both for a while", async () => {
  const alice = await workspace("Alice's clinic", "referrals:write", "contacts:read");
  const rotate = async (person: Person, ...more: string[]) => {
    const { code, printed, said } = await keys(["rotate", person.keyId, ...more]);
    assertEquals(code, 0, said);
    return new Person(person.companyId, decodeJwt(printed.trim()).sub!, printed.trim());
  };

  const second = await rotate(alice);
  assertEquals((await alice.get("/referrals")).error.code, "UNAUTHORIZED");
  assertEquals((await second.get("/referrals")).status, 200);

  const third = await rotate(second, "--overlap-hours", "1");
  assertEquals((await second.get("/referrals")).status, 200);
  assertEquals((await third.get("/referrals")).status, 200);

  const rows = await sql`
    select id, name, scopes, revoked_at is null as unrevoked,
      expires_at between now() + interval '59 minutes' and now() + interval '1 hour' as in_an_hour
    from api_keys where company_id = ${alice.companyId}
  `;
  const row = (person: Person): Json => ({ ...rows.find(({ id }) => id === person.keyId), id: "" });
  const same = { id: "", name: "Alice's clinic", scopes: ["referrals:write", "contacts:read"] };
  assertEquals(row(alice), { ...same, unrevoked: false, in_an_hour: null });
  assertEquals(row(second), { ...same, unrevoked: true, in_an_hour: true });
  assertEquals(row(third), { ...same, unrevoked: true, in_an_hour: null });
});

Deno.test("what cannot be done is one sentence and exit 1, and writes nothing", async () => {
  const { companyId, keyId } = await workspace("Alice's clinic");
  await sql`update api_keys set revoked_at = now() where id = ${keyId}`;
  const missing = crypto.randomUUID();
  const [before, { count }] = [await rowsOf(companyId), (await sql`select count(*) from api_keys`)[0]];

  const refusals: [string[], RegExp][] = [
    [
      ["create", "--company", companyId, "--scopes", "referrals:read,referrals:admin"],
      /^There is no scope "referrals:admin"\. /,
    ],
    [["create", "--company", companyId, "--scopes", " , "], /^A key needs at least one scope/],
    [["create", "--company", missing, "--scopes", "admin"], /^There is no company /],
    [["create", "--company", "alice", "--scopes", "admin"], /^"alice" is no company's id/],
    [
      ["create", "--company", companyId, "--scopes", "admin", "--expires-in-days", "0"],
      /^--expires-in-days takes a number/,
    ],
    [
      ["create", "--company", companyId, "--scopes", "admin", "--expires-in-days", "9", "--never-expires"],
      /^--never-expires and --expires-in-days exclude each other/,
    ],
    [["create", "--company", companyId, "--scopes", "admin", "--name", "x".repeat(201)], /^A key's name has 1 to 200 /],
    [["revoke", missing], /^There is no key /],
    [["rotate", missing], /^There is no key /],
    [["rotate", keyId], /^Key .* is revoked /],
  ];
  for (const [args, sentence] of refusals) {
    const { code, printed, said } = await keys(args);

    assertEquals([args, code, printed, said.trim().split("\n").length], [args, 1, "", 1]);
    assertMatch(said, sentence);
  }
  const unsigned = await keys(["create", "--company", companyId, "--scopes", "admin"], {
    API_KEY_JWT_SECRET: "secret",
  });
  assertEquals([unsigned.code, unsigned.printed], [1, ""]);
  assertStringIncludes(unsigned.said, "API_KEY_JWT_KID");

  assertEquals([...await rowsOf(companyId)], [...before]);
  assertEquals((await sql`select count(*) from api_keys`)[0].count, count);
});

Deno.test("with a hosted project's ES256 key it signs what that key's public half verifies, and this stack refuses", async () => {
  const { companyId } = await workspace("Alice's clinic");
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...await exportJWK(privateKey), kid: "hosted" };

  const { code, printed, said } = await keys(["create", "--company", companyId, "--scopes", "admin"], {
    API_KEY_SIGNING_KEY: JSON.stringify(jwk),
  });
  const token = printed.trim();
  const { payload } = await jwtVerify(token, publicKey, { algorithms: ["ES256"], audience: "authenticated" });
  const refused = await call("GET", "/referrals", undefined, { token });

  assertEquals(code, 0, said);
  assertEquals(decodeProtectedHeader(token), { alg: "ES256", kid: "hosted", typ: "JWT" });
  assertEquals([payload.role, payload.company_id, payload.scopes], ["api_key", companyId, ["admin"]]);
  assertEquals([refused.status, refused.error.code], [401, "UNAUTHORIZED"]);
});

Deno.test("a key's row says when it was used, soon after it was", async () => {
  const alice = await workspace("Alice's clinic");
  const lastUse = async () => (await sql`select last_used_at from api_keys where id = ${alice.keyId}`)[0].last_used_at;
  assertEquals(await lastUse(), null);

  assertEquals((await alice.get("/referrals")).status, 200);

  const used = await eventually(lastUse);
  assert(Math.abs(Date.now() - used.getTime()) < 60_000);
  assertMatch((await keys(["list", "--company", alice.companyId])).printed, / {2}used \d{4}-/);
});
