import { SignJWT } from "jose";
import { type Scope, scopes } from "../../../supabase/functions/api/contract/scopes.ts";
import { mintKey } from "../../../operator/mint.ts";
import { allBut } from "./rules.ts";
import { budgets, type Person, signing, sql, stack, workspace } from "../../world/world.ts";

/**
 * Where a caller stands. `living`: a key that works, for its scopes. `dead`: a genuine token whose key's row says no.
 * `refused`: no genuine token. `stranger`: no token. `outsider`: a genuine token of another role than the keys'.
 */
export type Standing = "living" | "dead" | "refused" | "stranger" | "outsider";

export type Principal = {
  name: string;
  standing: Standing;
  /** What it may do at last. */
  scopes: readonly Scope[];
  /** The scope that it alone lacks: it is asked where that scope is what is wanted. */
  lacks?: Scope;
  /** The whole of its headers. */
  headers: Record<string, string>;
  /** The claims of a genuine token. */
  claims?: Claims;
};

type Claims = {
  role?: string;
  sub?: string;
  company_id?: string;
  scopes?: readonly string[];
  exp?: number;
  nbf?: number;
};
type Header = { alg: string; kid?: string; typ: string };

const secret = signing.key as Uint8Array;
const header: Header = { alg: signing.alg, kid: signing.kid, typ: "JWT" };
const hour = 3_600;
const now = () => Math.floor(Date.now() / 1_000);

/** Everybody who might come for Alice's workspace, or for Bob's: a key of each scope alone, and all that is none. */
export async function principals(alice: Person, bob: Person): Promise<Principal[]> {
  const mine = { role: "api_key", sub: alice.keyId, company_id: alice.companyId, scopes: ["admin"] };
  const single = await Promise.all(scopes.map((scope) => living(alice, `a key with ${scope}`, [scope])));
  const every = await living(alice, "a key with all scopes but admin", scopes.filter((scope) => scope !== "admin"));

  const lacking = await Promise.all(
    scopes.filter((scope) => scope !== "admin").map(async (lacks) => ({
      ...await living(alice, `a key with all but ${lacks}`, allBut(lacks)),
      lacks,
    })),
  );

  return [
    ...single,
    ...lacking,
    every,
    bearing(
      "a key without scopes in its token",
      "living",
      { ...mine, scopes: [] },
      await signed({ ...mine, scopes: [] }),
    ),
    await narrowed(alice),
    ...await dead(alice, bob, mine),
    ...await refused(alice, bob, mine),
    ...await outsiders(mine),
    ...unsigned(mine, alice.token.split(".")[2]),
    { name: "no key", standing: "stranger", scopes: [], headers: {} },
    { name: "the publishable key", standing: "stranger", scopes: [], headers: { apikey: stack.publishableKey } },
    bare("the publishable key as a token", "stranger", stack.publishableKey),
    bare("the project's secret key as a token", "stranger", stack.secretKey),
    bare("garbage", "stranger", "garbage"),
    { name: "a key without Bearer", standing: "stranger", scopes: [], headers: { authorization: alice.token } },
  ];
}

/** A key of the person's workspace that holds `held`. */
export async function living(person: Person, name: string, held: readonly Scope[]): Promise<Principal> {
  const { companyId } = person;
  const { id, token } = await mintKey(sql, signing, {
    companyId,
    name: name.slice(0, 200),
    scopes: [...held],
    budgets,
  });
  return {
    ...bearing(name, "living", { role: "api_key", sub: id, company_id: companyId, scopes: held }, token),
    scopes: held,
  };
}

/** A key that holds all, and has been let in before. */
async function used(person: Person, name: string): Promise<Principal> {
  const key = await living(person, name, ["admin"]);
  const reply = await fetch(`${stack.apiUrl}/contacts`, { headers: key.headers });
  if (!reply.ok) throw new Error(await reply.text());
  await reply.body?.cancel();
  return key;
}

async function narrowed(alice: Person): Promise<Principal> {
  const key = await used(alice, "a key whose row lost all but two scopes");
  await sql`update api_keys set scopes = array['automations:trigger', 'webhooks:read'] where id = ${key.claims!.sub!}`;
  return { ...key, scopes: ["automations:trigger", "webhooks:read"] };
}

async function dead(alice: Person, bob: Person, mine: Claims): Promise<Principal[]> {
  const [revoked, expired] = [
    await used(alice, "a revoked key"),
    await used(alice, "an expired key"),
  ];
  await sql`update api_keys set revoked_at = now() where id = ${revoked.claims!.sub!}`;
  await sql`update api_keys set expires_at = now() - interval '1 second' where id = ${expired.claims!.sub!}`;
  const gone = await workspace("Gone by now");
  await sql`delete from companies where id = ${gone.companyId}`;
  const invented = {
    "a key that names bob's workspace": { ...mine, company_id: bob.companyId },
    "alice's workspace with the id of bob's key": { ...mine, sub: bob.keyId },
    "a key that no row is of": { ...mine, sub: crypto.randomUUID() },
    "a key of a deleted workspace": { ...mine, sub: gone.keyId, company_id: gone.companyId },
  };
  return [
    ...[revoked, expired].map((key) => ({ ...key, standing: "dead" as const, scopes: [] })),
    ...await Promise.all(
      Object.entries(invented).map(async ([name, claims]) => bearing(name, "dead", claims, await signed(claims))),
    ),
  ];
}

async function refused(alice: Person, bob: Person, mine: Claims): Promise<Principal[]> {
  const other = crypto.getRandomValues(new Uint8Array(48));
  const signature = alice.token.split(".")[2];
  const altered = (claims: Claims) => `${encoded(header)}.${encoded({ ...claims, aud: "authenticated" })}.${signature}`;
  const tokens = {
    "a token whose time is over": await signed({ ...mine, exp: now() - hour }),
    "a token whose time is to come": await signed({ ...mine, nbf: now() + hour }),
    "a token forged under the right kid": await signed(mine, header, other),
    "another project's key": await signed(mine, { ...header, kid: crypto.randomUUID() }, other),
    "a token signed by the algorithm's name": await signed(mine, header, new TextEncoder().encode("HS256")),
    "a token with bob's company_id written in": altered({ ...mine, company_id: bob.companyId, sub: bob.keyId }),
    "a token with other scopes written in": altered({ ...mine, scopes: ["referrals:read", "admin"] }),
    "a token with service_role written in": altered({ ...mine, role: "service_role" }),
    "a token of service_role forged": await signed({ ...mine, role: "service_role" }, header, other),
  };
  return Object.entries(tokens).map(([name, token]) => bare(name, "refused", token));
}

/** PostgREST refuses them; to the embedded data API they are no tokens at all. */
function unsigned(mine: Claims, signature: string): Principal[] {
  const token = `${encoded({ ...header, alg: "none" })}.${encoded({ ...mine, aud: "authenticated" })}.`;
  return [
    bare("a token with alg none", "stranger", token),
    bare("a token with alg none and a signature", "stranger", token + signature),
  ];
}

/** The platform's own roles. (A genuine token of `service_role` is the platform's master key: tables are open to it, the function refuses it.) */
async function outsiders(mine: Claims): Promise<Principal[]> {
  const roles = ["authenticated", "anon", "authenticator", "postgres", "supabase_admin", undefined];
  return await Promise.all(roles.map(async (role) => {
    const claims = { ...mine, role };
    return bearing(`a token of ${role ?? "no role"}`, "outsider", claims, await signed(claims));
  }));
}

/** The platform's master key as the token of a caller of the function, which takes only keys of its own. */
export async function serviceRole({ keyId, companyId }: Person): Promise<Principal> {
  const claims = { role: "service_role", sub: keyId, company_id: companyId, scopes: ["admin"] };
  return bearing("a token of service_role", "outsider", claims, await signed(claims));
}

/** The genuine token of the person's own key, with other claims. */
export async function signedFor({ keyId, companyId }: Person, other: Claims): Promise<Principal> {
  const claims = { role: "api_key", sub: keyId, company_id: companyId, scopes: ["admin"], ...other };
  return bearing("a token of alice's", "living", claims, await signed(claims));
}

/** A genuine token but for its audience, which only the function looks at. */
export async function otherAudience({ keyId, companyId }: Person): Promise<Principal> {
  const claims = { role: "api_key", sub: keyId, company_id: companyId, scopes: ["admin"] };
  return bare("a token for another audience", "refused", await signed(claims, header, secret, "elsewhere"));
}

const bearing = (name: string, standing: Standing, claims: Claims, token: string): Principal => ({
  ...bare(name, standing, token),
  claims,
});

const bare = (name: string, standing: Standing, token: string): Principal => ({
  name,
  standing,
  scopes: [],
  headers: { apikey: stack.publishableKey, authorization: `Bearer ${token}` },
});

async function signed(claims: Claims, protect = header, key = secret, audience = "authenticated"): Promise<string> {
  return await new SignJWT({ ...claims }).setProtectedHeader(protect).setAudience(audience).setIssuedAt().sign(key);
}

const encoded = (part: unknown) =>
  new TextEncoder().encode(JSON.stringify(part)).toBase64({ alphabet: "base64url", omitPadding: true });
