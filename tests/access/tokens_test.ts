import { assertEquals } from "@std/assert";
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { contents } from "../world/contents.ts";
import { call, chain, type Person, rest, signing, sql, stack, world } from "../world/world.ts";

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

Deno.test("mallory, who lacks the secret, forges no token that either way in takes", async () => {
  const { alice, bob } = await world();
  const { head, claims, signature } = parts(alice);
  const altered = (change: JWTPayload) => `${head}.${encode({ ...claims, ...change })}.${signature}`;
  const own = await generateKeyPair("ES256");
  const jwk = await exportJWK(own.publicKey);
  const other = new TextEncoder().encode("mallory's own secret, as long as the real one is and more");
  const tokens = {
    "no signature": `${head}.${encode(claims)}.`,
    "alg None": `${encode({ ...header, alg: "None" })}.${encode(claims)}.${signature}`,
    "alg ES256 with the old signature": `${encode({ ...header, alg: "ES256" })}.${encode(claims)}.${signature}`,
    "no kid": await sign(claims, { alg: "HS256" }, other),
    "a key of her own in the header": await sign(claims, { ...header, alg: "ES256", jwk }, own.privateKey),
    "another key": altered({ sub: bob.keyId }),
    "no end": altered({ exp: minutes(60) }),
    "a signature of zeros": `${head}.${encode(claims)}.${"A".repeat(43)}`,
  };

  const { referrer } = await chain(alice);
  const before = await contents(alice);

  for (const [name, token] of Object.entries(tokens)) {
    const referral = { referrer_contact_id: referrer.id, notes: name };
    const replies = [
      await call("GET", "/referrals", undefined, { token }),
      await call("POST", "/referrals", referral, { token }),
    ];
    const around = [
      await rest("GET", "/referrals", undefined, { token }),
      await rest("POST", "/referrals", referral, { token }),
    ];

    const answers = replies.map(({ status, error, headers }) => [status, error?.code, headers.get("www-authenticate")]);
    assertEquals(answers, [[401, "UNAUTHORIZED", "Bearer"], [401, "UNAUTHORIZED", "Bearer"]], name);
    assertEquals(around.map(({ status }) => status), [401, 401], name);
  }
  assertEquals(await contents(alice), before);
});

Deno.test("the function takes no genuine token that is not an API key's", async () => {
  const { alice } = await world();
  const { claims } = parts(alice);
  const { referrer } = await chain(alice);
  const tokens = {
    "several roles": await sign({ ...claims, role: ["api_key"] }),
    "no audience": await sign({ ...claims, aud: undefined }),
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
