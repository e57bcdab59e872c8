import postgres from "postgres";
import { assertEquals, assertNotEquals } from "@std/assert";
import { call, type Json, type Person, rest, sql, stack, world } from "../world/world.ts";

const friend = { first_name: "Noah", email: "noah@example.com", consent: true };
const submit = (token: string, body: unknown = friend) =>
  call("POST", `/public/referral-requests/${token}/submit`, body);

/** Asks `count` contacts of the person's workspace at once, by SQL as the key would; gives the tokens. */
async function askMany(person: Person, count: number): Promise<string[]> {
  const tokens = Array.from({ length: count }, () => crypto.randomUUID() + crypto.randomUUID());
  const claims = { role: "api_key", sub: person.keyId, company_id: person.companyId, scopes: ["admin"] };
  await sql.begin(async (tx) => {
    await tx`
      insert into crm_contacts (company_id, first_name, email)
      select ${person.companyId}, 'Asked', 'asked-' || n || '@example.com' from generate_series(1, ${count}) as n
    `;
    await tx`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
    await tx`
      select ask_for_referral(asked.id, token, 'u' || token)
      from unnest(${tokens}::text[]) with ordinality as tokens (token, n)
      join crm_contacts as asked on asked.company_id = ${person.companyId} and asked.email = 'asked-' || n || '@example.com'
    `;
  });
  return tokens;
}

const counts = async (person: Person) => {
  const [row] = await sql`
    select
      (select count(*)::int from referrals where company_id = ${person.companyId} and source = 'form') as referrals,
      (select count(*)::int from crm_deals where company_id = ${person.companyId}) as opportunities,
      (select count(*)::int from crm_contacts where company_id = ${person.companyId} and first_name <> 'Asked') as friends,
      (select count(*)::int from referral_requests where company_id = ${person.companyId} and submitted_at is not null)
        as submitted
  `;
  return { ...row };
};

Deno.test("of 32 who hand in one form at once over HTTP one succeeds, and 31 get a clean 409", async () => {
  const { alice } = await world();
  const tokens = await askMany(alice, 20);

  const replies = await Promise.all(
    tokens.flatMap((token, n) =>
      Array.from({ length: 32 }, () => submit(token, { ...friend, email: `friend-${n}@example.com` }))
    ),
  );

  const by = Map.groupBy(replies, (reply) => `${reply.status} ${reply.error?.code ?? reply.data.status}`);
  assertEquals([...by].map(([answer, { length }]) => [answer, length]).sort(), [["201 submitted", 20], [
    "409 CONFLICT",
    620,
  ]]);
  assertEquals(await counts(alice), { referrals: 20, opportunities: 20, friends: 20, submitted: 20 });
});

Deno.test("200 tokens, each handed in 32 times at once over many connections, make exactly 200 referrals", async () => {
  const { alice } = await world();
  const perToken = Deno.env.get("FULL") ? 32 : 8;
  const tokens = await askMany(alice, 200);
  const clients = postgres(stack.databaseUrl, { max: 32, onnotice: () => {} });

  const tries = tokens.flatMap((token, n) => Array.from({ length: perToken }, () => ({ token, n })));
  const answers = await Promise.all(
    tries.map(({ token, n }) =>
      clients`select submit_referral(${token}, 'Friend', null, ${`friend-${n}@example.com`}, consent => true) as answer`
    ),
  );
  await clients.end();

  const made = answers.filter(([{ answer }]) => answer.submitted_at).length;
  const refused = answers.filter(([{ answer }]) => answer.refused?.status === 409).length;
  assertEquals([made, refused], [200, 200 * (perToken - 1)]);
  assertEquals(await counts(alice), { referrals: 200, opportunities: 200, friends: 200, submitted: 200 });
});

Deno.test("forms that name one friend at once, by email or phone, make one contact", async () => {
  const { alice } = await world();
  const tokens = await askMany(alice, 24);

  const replies = await Promise.all(tokens.map((token, n) =>
    submit(token, {
      ...friend,
      email: n % 3 === 0 ? undefined : n % 2 ? "NOAH@example.com" : "noah@Example.com",
      phone: n % 3 === 1 ? undefined : "0412 000 106",
    })
  ));

  assertEquals(replies.map((reply) => reply.status), replies.map(() => 201));
  const { friends, referrals } = await counts(alice) as Json;
  // A form by phone alone and one by email alone name one person only once some form has told both.
  assertEquals([friends === 1 || friends === 2, referrals], [true, 24]);
});

Deno.test("a contact that exists is reused and never overwritten, and only within the workspace", async () => {
  const { alice, bob } = await world();
  const noah = await alice.creates("/contacts", {
    first_name: "Noah",
    last_name: "Williams",
    email: "Noah@example.com",
  });
  const theirs = await bob.creates("/contacts", { first_name: "Theirs", phone: "+61412000107" });
  const [byEmail, byPhone] = await askMany(alice, 2);

  await submit(byEmail, { first_name: "Nono", email: "noah@EXAMPLE.com", phone: "0412 000 106", consent: true });
  await submit(byPhone, { first_name: "Petra", phone: "0412 000 107", consent: true });

  assertEquals(await alice.gets(`/contacts/${noah.id}`), noah);
  const referred = (await alice.gets("/referrals?expand=referred_contact&order=asc")).map((row: Json) =>
    row.referred_contact
  );
  assertEquals(referred[0].id, noah.id);
  assertEquals([referred[1].first_name, referred[1].phone], ["Petra", "+61412000107"]);
  assertNotEquals(referred[1].id, theirs.id);
  assertEquals((await bob.get("/referrals")).body.pagination.total, 0);
});

Deno.test("who enters their own details is told kindly, and may go on to enter a friend's", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", {
    first_name: "Rita",
    email: "rita@example.com",
    phone: "0412 000 101",
  });
  const { token, request_id } = await alice.creates("/referrals/request", { contact_id: rita.id });

  const own = [
    await submit(token, { ...friend, email: "RITA@example.com" }),
    await submit(token, { ...friend, first_name: "rita", email: undefined, phone: "+61 412 000 101" }),
  ];

  assertEquals(own.map((reply) => [reply.status, reply.error.code, reply.error.details.fields[0].path]), [
    [409, "CONFLICT", "email"],
    [409, "CONFLICT", "phone"],
  ]);
  assertEquals((await alice.gets(`/referrals/requests/${request_id}`)).status, "sent");
  assertEquals((await alice.get("/referrals")).body.pagination.total, 0);
  assertEquals((await submit(token)).status, 201);
});

Deno.test("a form needs a first name, an email or a phone, and consent; nothing is taken without", async () => {
  const { alice } = await world();
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  const [token] = await askMany(alice, 1);

  const replies = await Promise.all([
    submit(token, {}),
    submit(token, { first_name: "Noah", consent: true }),
    submit(token, { ...friend, consent: false }),
    submit(token, { ...friend, consent: "true" }),
    submit(token, { ...friend, email: "nobody" }),
    submit(token, { ...friend, phone: "hello" }),
    submit(token, { ...friend, category: "Dentist" }),
    submit(token, { ...friend, company_id: alice.companyId }),
    submit(token, { ...friend, message: "x".repeat(2_001) }),
  ]);

  assertEquals(
    replies.map((
      reply,
    ) => [reply.status, reply.error.code, reply.error.details.fields.map((at: Json) => at.path).join()]),
    [
      [400, "MISSING_FIELDS", "first_name,consent,email"],
      [400, "MISSING_FIELDS", "email"],
      [400, "VALIDATION_ERROR", "consent"],
      [400, "VALIDATION_ERROR", "consent"],
      [400, "VALIDATION_ERROR", "email"],
      [400, "VALIDATION_ERROR", "phone"],
      [400, "VALIDATION_ERROR", "category"],
      [400, "VALIDATION_ERROR", "company_id"],
      [400, "VALIDATION_ERROR", "message"],
    ],
  );
  assertEquals(await counts(alice), { referrals: 0, opportunities: 0, friends: 0, submitted: 0 });
});

Deno.test("the database takes nothing without consent or a way to reach the friend, around the function either", async () => {
  const { alice } = await world();
  const [token] = await askMany(alice, 1);
  const directly = async (body: Json) =>
    (await rest("POST", "/rpc/submit_referral", { token, first_name: "Noah", ...body })).body;

  const answers = [
    await directly({ email: "noah@example.com" }),
    await directly({ email: "noah@example.com", consent: null }),
    await directly({ consent: true }),
  ];

  assertEquals(answers.map(({ refused }) => [refused.status, refused.code, refused.path]), [
    [400, "VALIDATION_ERROR", "consent"],
    [400, "VALIDATION_ERROR", "consent"],
    [400, "MISSING_FIELDS", "email"],
  ]);
  assertEquals(await counts(alice), { referrals: 0, opportunities: 0, friends: 0, submitted: 0 });
});

Deno.test("a token has 60 tries an hour; what was submitted or withdrawn answers 409 and 410 even then", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const { token, request_id } = await alice.creates("/referrals/request", { contact_id: rita.id });
  await sql`update private.request_links set tries = 59 where request_id = ${request_id}`;

  const last = await submit(token, { ...friend, email: "rita@example.com" });
  const over = await submit(token);
  await alice.delete(`/referrals/requests/${request_id}`);
  const withdrawn = await submit(token);

  assertEquals([last.status, over.status, over.error.code], [409, 429, "RATE_LIMITED"]);
  const wait = Number(over.headers.get("retry-after"));
  assertEquals(wait > 3_500 && wait <= 3_600, true, `Retry-After: ${over.headers.get("retry-after")}`);
  assertEquals([withdrawn.status, withdrawn.error.code], [410, "EXPIRED"]);
  assertEquals((await alice.get("/referrals")).body.pagination.total, 0);
});

Deno.test("a token that is guessed, cut or altered is the same 404 on every public route", async () => {
  const { alice } = await world();
  const [token] = await askMany(alice, 1);
  const wrong = [
    crypto.randomUUID() + crypto.randomUUID(),
    token.slice(0, -1),
    `${token}A`,
    token.toUpperCase(),
    "x",
    "%00",
    "é",
    "a".repeat(900),
  ];

  const answers = await Promise.all(wrong.flatMap((token) => [
    call("GET", `/public/referral-requests/${token}`),
    call("POST", `/public/referral-requests/${token}/viewed`),
    submit(token),
  ]));

  const seen = new Set(answers.map(({ status, error }) => JSON.stringify([status, { ...error, request_id: "" }])));
  assertEquals([...seen].map((text) => JSON.parse(text)[0]), [404]);
  assertEquals(await counts(alice), { referrals: 0, opportunities: 0, friends: 0, submitted: 0 });
});

Deno.test("reading a form changes nothing, viewing it is stamped once", async () => {
  const { alice } = await world();
  const [token] = await askMany(alice, 1);
  const row = async () => (await alice.gets("/referrals/requests"))[0];
  const before = await row();

  await call("GET", `/public/referral-requests/${token}`);
  await call("HEAD", `/public/referral-requests/${token}`);
  const untouched = await row();
  const viewed = await call("POST", `/public/referral-requests/${token}/viewed`);
  const once = await row();
  await call("POST", `/public/referral-requests/${token}/viewed`);

  assertEquals(untouched, before);
  assertEquals([viewed.status, once.status], [204, "viewed"]);
  assertEquals((await row()).viewed_at, once.viewed_at);
});
