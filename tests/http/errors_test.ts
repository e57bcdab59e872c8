import { assertEquals, assertMatch } from "@std/assert";
import { errorCodes } from "../../supabase/functions/api/contract/errors.ts";
import { call, chain, type Reply, sql, stack, world } from "../world/world.ts";

const innards =
  /\bsql|postgres|pgrst|constraint|_fkey|_key\b|policy|row-level|relation|violates|column|schema|\.tsx?\b|node_modules|\n\s+at |crm_|\b\d{2}[0-9A-Z]\d{2}\b/i;

/** Asserts the contract's envelope: these keys, no others, and nothing of what is behind the API. */
function assertEnvelope(reply: Reply, code: keyof typeof errorCodes, ...optional: string[]) {
  const { error, text, headers, status } = reply;
  assertEquals(Object.keys(reply.body ?? {}), ["error"], text);
  assertEquals([status, error.status, error.code], [errorCodes[code].status, errorCodes[code].status, code]);
  const keys = ["code", "docs", "fix", "message", "request_id", "status", ...optional].sort();
  assertEquals(Object.keys(error).sort(), keys, text);
  assertEquals(error.request_id, headers.get("x-request-id"));
  assertMatch(headers.get("content-type") ?? "", /^application\/json/);
  for (const sentence of [error.message, error.fix]) assertMatch(sentence, /^\S.*\.$/, text);
  assertEquals(error.docs, `${stack.apiUrl}/docs#${code}`);
  for (const problem of error.details?.fields ?? []) assertEquals(Object.keys(problem).sort(), ["message", "path"]);
  assertEquals(innards.exec(text.replace(error.docs, "")), null, text);
}

const count = async (companyId: string) =>
  (await sql`select
    (select count(*)::int from referrals where company_id = ${companyId}) as referrals,
    (select count(*)::int from crm_contacts where company_id = ${companyId}) as contacts`)[0];

Deno.test("every refusal has the one envelope, names no part of the machine, and changes nothing", async () => {
  const { alice } = await world();
  const { referrer, friend, opportunity, referral } = await chain(alice);
  const before = await count(alice.companyId);
  const json = { "content-type": "application/json" };

  assertEnvelope(await alice.post("/referrals", undefined, { raw: "{", headers: json }), "INVALID_BODY");
  assertEnvelope(await alice.post("/referrals", {}), "MISSING_FIELDS", "details", "hint");
  assertEnvelope(await alice.post("/contacts", { name: "Rita" }), "VALIDATION_ERROR", "details", "hint");
  assertEnvelope(await alice.get("/referrals?status=odd"), "VALIDATION_ERROR", "details", "hint");
  assertEnvelope(await alice.get("/referrals?after=x"), "VALIDATION_ERROR", "details", "hint");
  assertEnvelope(await alice.get("/referrals/x"), "VALIDATION_ERROR", "details");
  assertEnvelope(
    await alice.post("/contacts", { first_name: "Rita", phone: "12" }),
    "VALIDATION_ERROR",
    "details",
    "hint",
  );
  assertEnvelope(await call("GET", "/referrals"), "UNAUTHORIZED", "details");
  assertEnvelope(await call("GET", "/referrals", undefined, { token: "a.b.c" }), "UNAUTHORIZED", "details");
  assertEnvelope(await (await alice.holding("contacts:read")).get("/referrals"), "INSUFFICIENT_SCOPE", "details");
  assertEnvelope(await alice.get("/nowhere"), "NOT_FOUND");
  assertEnvelope(await alice.get(`/referrals/${crypto.randomUUID()}`), "NOT_FOUND");
  const nobody = { referrer_contact_id: crypto.randomUUID() };
  assertEnvelope(await alice.post("/referrals", nobody), "NOT_FOUND", "details");
  assertEnvelope(await call("PUT", "/referrals", {}, { token: alice.token }), "METHOD_NOT_ALLOWED");
  const self = { referrer_contact_id: referrer.id, referred_contact_id: referrer.id };
  assertEnvelope(await alice.post("/referrals", self), "CONFLICT");
  const huge = `{"first_name": "Rita"${" ".repeat(256 * 1024)}}`;
  assertEnvelope(await alice.post("/contacts", undefined, { raw: huge, headers: json }), "PAYLOAD_TOO_LARGE");
  const typed = { raw: "first_name=Rita", headers: { "content-type": "application/x-www-form-urlencoded" } };
  assertEnvelope(await alice.post("/contacts", undefined, typed), "UNSUPPORTED_MEDIA_TYPE");

  assertEquals(await count(alice.companyId), before);
  assertEquals(await alice.gets(`/referrals/${referral.id}`), referral);
  assertEquals((await alice.gets(`/contacts/${friend.id}`)).email, friend.email);
  assertEquals((await alice.gets(`/opportunities/${opportunity.id}`)).name, opportunity.name);
});

Deno.test("a conflict names the caller's own row in the way, on create and on change", async () => {
  const { alice } = await world();
  const { referrer, friend, opportunity, referral } = await chain(alice);
  const ids = {
    referrer_contact_id: referrer.id,
    referred_contact_id: friend.id,
    referred_deal_id: opportunity.id,
  };
  const other = await alice.creates("/referrals", { ...ids, referred_deal_id: null });
  const before = await count(alice.companyId);

  const conflicts = [
    [await alice.post("/referrals", ids), referral.id],
    [await alice.patch(`/referrals/${other.id}`, { referred_deal_id: opportunity.id }), referral.id],
    [await alice.post("/contacts", { first_name: "Twin", email: friend.email.toUpperCase() }), friend.id],
    [await alice.patch(`/contacts/${referrer.id}`, { email: friend.email }), friend.id],
  ];

  for (const [reply, existing] of conflicts) {
    const ofEmail = existing === friend.id;
    assertEnvelope(reply, "CONFLICT", "existing_id", ...(ofEmail ? ["details"] : []));
    assertEquals([reply.error.existing_id, reply.error.details?.fields?.[0].path], [
      existing,
      ofEmail ? "email" : undefined,
    ]);
  }
  assertEquals(await count(alice.companyId), before);
  assertEquals((await alice.gets(`/contacts/${referrer.id}`)).email, referrer.email);
});

Deno.test("401 says Bearer, 405 says what is allowed, and 403 and 404 name what they are about", async () => {
  const { alice } = await world();

  const anonymous = await call("GET", "/referrals");
  const wrongMethod = await call("PUT", "/referrals", {}, { token: alice.token });
  const unscoped = await (await alice.holding("referrals:read")).post("/referrals", {});
  const nobody = await alice.post("/referrals", { referrer_contact_id: crypto.randomUUID() });

  assertEquals([anonymous.status, anonymous.headers.get("www-authenticate")], [401, "Bearer"]);
  const allowed = wrongMethod.headers.get("allow")?.split(", ").sort();
  assertEquals([wrongMethod.status, allowed], [405, ["GET", "HEAD", "OPTIONS", "POST"]]);
  assertEquals([unscoped.status, /referrals:write/.test(unscoped.error.message)], [403, true]);
  assertEquals([nobody.status, nobody.error.details.fields[0].path], [404, "referrer_contact_id"]);
});
