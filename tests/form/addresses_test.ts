import { assert, assertEquals } from "@std/assert";
import { addressGroup } from "../../supabase/functions/api/public_form/address_group.ts";
import { createApp } from "../../supabase/functions/api/app.ts";
import { readConfig } from "../../supabase/functions/api/platform/config.ts";
import { environment } from "../world/own_function.ts";
import { type Json, type Person, rest, sql, workspace } from "../world/world.ts";

const spellings = [
  "2001:db8:1:2:3:4:5:6",
  "2001:DB8:1:2::1",
  "2001:0db8:0001:0002:0000:0000:0000:0001",
  "2001:db8:1:2::",
  "2001:db8:1:2:ffff:ffff:ffff:ffff",
  "2001:db8:1:2::192.0.2.1",
  "[2001:db8:1:2::9]",
  "[2001:db8:1:2::9]:443",
  "2001:db8:1:2::1%eth0",
  "2001:db8:1:2:0:0:c000:201",
];
const mapped = ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:0201", "0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1:8443"];
const none = ["", "unknown", "1", "0x7f.1", "300.1.1.1", "::g", "rita", "' or 1=1"];

Deno.test("an IPv6 network in ten spellings is one address, an IPv4 one in five, and what is none is unknown", async () => {
  const groups = async (texts: string[]) => [...new Set(await Promise.all(texts.map(addressGroup)))];
  assertEquals(await groups(spellings), ["2001:db8:1:2::/64"]);
  assertEquals(await groups(mapped), ["192.0.2.1"]);
  assertEquals(await groups(none), ["unknown"]);
  assert((await addressGroup("2001:db8:1:3::1")) !== (await addressGroup("2001:db8:1:2::1")));
});

Deno.test("the database takes the same addresses for one, however they are written", async () => {
  const inSql = async (text: string) => {
    const [{ address }] = await sql`select private.address_group(${text}) as address`;
    return address ?? "unknown";
  };
  // A port and an interface are the proxies' own spellings, which only the function knows.
  for (const text of [...spellings, ...mapped, ...none].filter((text) => !/^\[|%|\.1:/.test(text))) {
    assertEquals([text, await inSql(text)], [text, await addressGroup(text)]);
  }
});

/** The function as it is deployed, but for these variables. */
function functionWith(variables: Record<string, string>) {
  const app = createApp(readConfig({ ...environment, ...variables }));
  return async (token: string, headers: Record<string, string>) => {
    const response = await app.request(`/api/v1/public/referral-requests/${token}/submit`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ first_name: "Noah", email: `${crypto.randomUUID()}@example.com`, consent: true }),
    });
    const body: Json = await response.json();
    return [response.status, body.error?.code];
  };
}

async function linksOf(person: Person, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let i = 0; i < count; i++) {
    const rita = await person.creates("/contacts", { first_name: "Rita", email: `${crypto.randomUUID()}@example.com` });
    tokens.push((await person.creates("/referrals/request", { contact_id: rita.id })).token);
  }
  return tokens;
}

const limited = [429, "RATE_LIMITED"];
const taken = [201, undefined];
/** An address that no other test calls from. */
const somewhere = () => {
  const [a, b] = crypto.getRandomValues(new Uint16Array(2));
  return `2001:db8:${a.toString(16)}:${b.toString(16)}`;
};

Deno.test("the header that tells the address is a setting, and the limit holds over all isolates", async () => {
  const network = somewhere();
  const variables = { PUBLIC_FORM_TRIES_PER_HOUR: "2", CLIENT_ADDRESS_HEADER: "CF-Connecting-IP" };
  const [one, other] = [functionWith(variables), functionWith(variables)];
  const [first, second, third, fourth] = await linksOf(await workspace("Alice's clinic"), 4);
  const from = (end: number) => ({ "cf-connecting-ip": `${network}::${end}`, "x-forwarded-for": `203.0.113.${end}` });

  assertEquals(await one(first, from(1)), taken);
  assertEquals(await other(second, from(2)), taken);
  // In-process the two share their memory: what they know is forgotten, and the database still says no.
  assertEquals(await one(third, from(3)), limited);
  const [{ tries }] = await sql`select tries from private.form_addresses where address = ${`${network}::/64`}`;
  assertEquals(tries, 2);
  assertEquals(await one(fourth, { "cf-connecting-ip": `${somewhere()}::1` }), taken);
});

Deno.test("an address that has spent its tries by the function has none left on /rest/v1, nor has who forges a header", async () => {
  const network = somewhere();
  const submit = functionWith({ PUBLIC_FORM_TRIES_PER_HOUR: "1000" });
  const [first, second, third] = await linksOf(await workspace("Alice's clinic"), 3);
  assertEquals(await submit(first, { "x-forwarded-for": `${network}::1` }), taken);
  await sql`update private.form_addresses set tries = 1000 where address = ${`${network}::/64`}`;
  assertEquals(await submit(second, { "x-forwarded-for": `${network}::2` }), limited);

  const call = (headers: Record<string, string>, token = second) =>
    rest("POST", "/rpc/submit_referral", { token, first_name: "Noah", email: "noah@example.com", consent: true }, {
      headers,
    });
  await sql`insert into private.form_limits (client_address_header) values ('x-real-ip')`;
  try {
    const { body } = await call({ "x-real-ip": `${network}::3` });
    assertEquals([body.refused.status, body.refused.code, body.refused.retry_after > 3_000], [...limited, true]);
    const forged = { "x-client-address": `${somewhere()}::/64 1000`, "x-client-address-signature": "0".repeat(64) };
    assertEquals((await call({ ...forged, "x-real-ip": `${network}::3` })).body.refused.code, "RATE_LIMITED");
    assertEquals(typeof (await call({ "x-real-ip": `${somewhere()}::3` }, third)).body.submitted_at, "string");
  } finally {
    await sql`delete from private.form_limits`;
  }
});

Deno.test("who is not known by an address shares one generous number of tries, and an hour later all is forgotten", async () => {
  const [first, second, third] = await linksOf(await workspace("Alice's clinic"), 3);
  const call = (token: string) =>
    rest("POST", "/rpc/submit_referral", { token, first_name: "Noah", email: "noah@example.com", consent: true });
  assertEquals(typeof (await call(first)).body.submitted_at, "string");
  const set = (tries: number, since: string) =>
    sql`update private.form_addresses set tries = ${tries}, since = now() - ${since}::interval where address = 'unknown'`;
  await set(20_000, "1 minute");
  try {
    assertEquals((await call(second)).body.refused.code, "RATE_LIMITED");
    await set(20_000, "61 minutes");
    assertEquals(typeof (await call(third)).body.submitted_at, "string");
  } finally {
    await sql`delete from private.form_addresses where address = 'unknown'`;
  }
});
