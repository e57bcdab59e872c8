import { assertEquals } from "@std/assert";
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { contents } from "../world/contents.ts";
import { call, chain, eventually, type Person, rest, signing, sql, stack, world } from "../world/world.ts";

const secret = new TextEncoder().encode(stack.signing.secret);
const header = { alg: signing.alg, kid: signing.kid, typ: "JWT" };
const minutes = (count: number) => Math.floor(Date.now() / 1_000) + count * 60;

const encode = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: "base64url", omitPadding: true });
const decode = (part: string) =>
  JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(part, { alphabet: "base64url" })));

/** Signs anything, as only the holder of the stack's own secret can: `key` is that secret, unless another is tried. */
async function sign(
  claims: JWTPayload,
  protectedHeader: JWTHeaderParameters = header,
  key: Uint8Array | CryptoKey = secret,
): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader(protectedHeader).sign(key);
}

function parts({ token }: Person) {
  const [head, claims, signature] = token.split(".");
  return { head, signature, claims: decode(claims) as JWTPayload };
}

/** What both ways in answer to each token, to a read and to a write; every token is right but for what its name says. */
async function ask(tokens: Record<string, string>, person: Person) {
  const { referrer } = await chain(person);
  const before = await contents(person);
  const answers: Record<string, { api: unknown[]; data: number[] }> = {};
  for (const [name, token] of Object.entries(tokens)) {
    const written = { referrer_contact_id: referrer.id, notes: name };
    const replies = [
      await call("GET", "/referrals", undefined, { token }),
      await call("POST", "/referrals", written, { token }),
    ];
    const around = [
      await rest("GET", "/referrals", undefined, { token }),
      await rest("POST", "/referrals", written, { token }),
    ];
    answers[name] = {
      api: replies.map((reply) => [reply.status, reply.error?.code, reply.headers.get("www-authenticate")]),
      data: around.map((reply) => reply.status),
    };
  }
  assertEquals(await contents(person), before);
  return answers;
}

const refused = { api: [[401, "UNAUTHORIZED", "Bearer"], [401, "UNAUTHORIZED", "Bearer"]], data: [401, 401] };
const all = <Expected>(tokens: Record<string, string>, expected: Expected) =>
  Object.fromEntries(Object.keys(tokens).map((name) => [name, expected]));

Deno.test("mallory, who lacks the secret, forges no token that either way in takes", async () => {
  const { alice, bob } = await world();
  const { head, claims, signature } = parts(alice);
  const reader = await alice.holding("referrals:read");
  const altered = (change: JWTPayload) => `${head}.${encode({ ...claims, ...change })}.${signature}`;
  const own = await generateKeyPair("ES256");
  const jwk = await exportJWK(own.publicKey);
  const other = new TextEncoder().encode("mallory's own secret, as long as the real one is and more");
  const tokens = {
    "another secret under the right kid": await sign(claims, header, other),
    "no signature": `${head}.${encode(claims)}.`,
    "alg none": `${encode({ ...header, alg: "none" })}.${encode(claims)}.`,
    "alg none with the old signature": `${encode({ ...header, alg: "none" })}.${encode(claims)}.${signature}`,
    "alg None": `${encode({ ...header, alg: "None" })}.${encode(claims)}.${signature}`,
    "alg ES256 with the old signature": `${encode({ ...header, alg: "ES256" })}.${encode(claims)}.${signature}`,
    "another kid": await sign(claims, { ...header, kid: "mallory" }, other),
    "no kid": await sign(claims, { alg: "HS256" }, other),
    "a key of her own in the header": await sign(claims, { ...header, alg: "ES256", jwk }, own.privateKey),
    "another workspace": altered({ company_id: bob.companyId }),
    "another key": altered({ sub: bob.keyId }),
    "more scopes": `${head}.${encode({ ...parts(reader).claims, scopes: ["admin"] })}.${parts(reader).signature}`,
    "no end": altered({ exp: minutes(60) }),
    "a signature of zeros": `${head}.${encode(claims)}.${"A".repeat(43)}`,
  };

  // The embedded data API takes an unsigned token for none at all: it answers 401 as to anybody.
  assertEquals(await ask(tokens, alice), all(tokens, refused));
});

Deno.test("a genuine token is refused before its time and after it, on both ways in", async () => {
  const { alice } = await world();
  const { claims } = parts(alice);
  const tokens = {
    "over": await sign({ ...claims, exp: minutes(-1) }),
    "not yet": await sign({ ...claims, nbf: minutes(60) }),
  };

  assertEquals(await ask(tokens, alice), all(tokens, refused));
});

Deno.test("a token that was taken before its end is refused after it, by the function alone", async () => {
  const { alice } = await world();
  const token = await sign({ ...parts(alice).claims, exp: minutes(0) + 2 });
  // A request that is refused for itself never reaches the data API, which would see the end of the token too.
  const ask = () => call("GET", "/referrals?unknown=1", undefined, { token });

  assertEquals((await ask()).error.code, "VALIDATION_ERROR");
  const refusal = await eventually(async () => {
    const reply = await ask();
    return reply.status === 400 ? null : reply;
  }, 5);

  assertEquals([refusal.status, refusal.error.code], [401, "UNAUTHORIZED"]);
});

Deno.test("a genuine token that names no row of its workspace is refused on both ways in", async () => {
  const { alice, bob } = await world();
  const { claims } = parts(alice);
  const tokens = {
    "an unknown key": await sign({ ...claims, sub: crypto.randomUUID() }),
    "another workspace than its row's": await sign({ ...claims, company_id: bob.companyId }),
    "the key of another workspace": await sign({ ...claims, sub: bob.keyId }),
    "an unknown workspace": await sign({ ...claims, company_id: crypto.randomUUID() }),
  };
  const before = await contents(bob);

  assertEquals(await ask(tokens, alice), all(tokens, refused));
  assertEquals(await contents(bob), before);
});

Deno.test("the function takes no genuine token that is not an API key's", async () => {
  const { alice } = await world();
  const { claims } = parts(alice);
  const { referrer } = await chain(alice);
  const tokens = {
    "no role": await sign({ ...claims, role: undefined }),
    "service_role": await sign({ ...claims, role: "service_role" }),
    "authenticated": await sign({ ...claims, role: "authenticated" }),
    "anon": await sign({ ...claims, role: "anon" }),
    "postgres": await sign({ ...claims, role: "postgres" }),
    "several roles": await sign({ ...claims, role: ["api_key"] }),
    "no audience": await sign({ ...claims, aud: undefined }),
    "another audience": await sign({ ...claims, aud: "anon" }),
    "no subject": await sign({ ...claims, sub: undefined }),
    "a subject that is no id": await sign({ ...claims, sub: "admin" }),
    "no workspace": await sign({ ...claims, company_id: undefined }),
    "no scopes": await sign({ ...claims, scopes: undefined }),
    "scopes as a text": await sign({ ...claims, scopes: "admin" }),
    "another kid": await sign(claims, { ...header, kid: "other" }),
    "no kid": await sign(claims, { alg: "HS256" }),
    "another alg": await sign(claims, { ...header, alg: "HS512" }),
  };
  const before = await contents(alice);

  for (const [name, token] of Object.entries(tokens)) {
    const read = await call("GET", "/referrals", undefined, { token });
    const written = await call("POST", "/referrals", { referrer_contact_id: referrer.id }, { token });

    assertEquals([read.status, read.error?.code], [401, "UNAUTHORIZED"], name);
    assertEquals([written.status, written.error?.code], [401, "UNAUTHORIZED"], name);
  }
  assertEquals(await contents(alice), before);
});

Deno.test("of the scopes in the token and in the row the smaller hold, on both ways in", async () => {
  const { alice } = await world();
  const { referrer, referral } = await chain(alice);
  const wideToken = await alice.holding("referrals:write");
  const wideRow = await alice.holding("referrals:read");
  await sql`update api_keys set scopes = '{referrals:read}' where id = ${wideToken.keyId}`;
  await sql`update api_keys set scopes = '{admin}' where id = ${wideRow.keyId}`;

  for (const key of [wideToken, wideRow]) {
    const read = await key.get("/referrals");
    const written = await key.post("/referrals", { referrer_contact_id: referrer.id });
    const contacts = await key.get("/contacts");
    const around = await key.rest("POST", "/referrals", { referrer_contact_id: referrer.id });
    const listed = await key.rest("GET", "/crm_contacts?select=id");

    assertEquals([read.status, read.data[0].id], [200, referral.id]);
    assertEquals([written.status, written.error.code], [403, "INSUFFICIENT_SCOPE"]);
    assertEquals([contacts.status, contacts.error.code], [403, "INSUFFICIENT_SCOPE"]);
    assertEquals([around.status, around.body.code], [403, "42501"]);
    assertEquals([listed.status, listed.body], [200, []]);
  }
  assertEquals((await alice.get("/referrals")).body.pagination.total, 1);
});
