import { assertEquals, assertMatch } from "@std/assert";
import { Email, PersonName } from "../../supabase/functions/api/contract/values.ts";
import { ask } from "../world/ask.ts";
import { emails, notEmails, oddEmails } from "../world/email_vectors.ts";
import { checksOn } from "../world/sql_checks.ts";
import { call, type Person, type Reply, rest, sql, world } from "../world/world.ts";

const columns = [
  "crm_contacts.email",
  "companies.contact_email",
  "referral_requests.recipient_email",
  "company_settings.mail_recipients",
];

for (const column of columns) {
  Deno.test(`${column} and the API take the same addresses: those that browsers take`, async () => {
    const { takes } = await checksOn(column);

    for (const [expected, addresses] of [[true, emails], [false, notEmails]] as const) {
      for (const address of addresses) {
        const value = column.endsWith("recipients") ? [emails[0], address] : address;
        // The API takes white space around an address away, and stores the rest.
        const asItIs = address === address.trim() && Email.safeParse(address).success;
        const verdicts = [asItIs, await takes(value)];
        assertEquals([address, ...verdicts], [address, expected, expected]);
      }
    }
    for (const address of oddEmails) {
      const value = column.endsWith("recipients") ? [address] : address;
      assertEquals([address, Email.safeParse(address).success && !await takes(value)], [address, false]);
    }
  });
}

const names = [
  "Grace",
  "Anne-Marie",
  "O'Neil",
  "José Ñandú",
  "李小龍",
  "Dr. Ww. Who",
  "A: /b",
  "<b>Grace</b>",
  "Ben 🎈",
];
const notNames = [
  "https://evil.example",
  "You won: HTTP://evil.example",
  "see www.evil.example",
  "WWW.evil.example",
  "javascript://x",
  "Grace\r\nBcc: eve@example.com",
  "Grace\nOkafor",
  "Grace\tOkafor",
  "Grace\u0085Okafor",
  "Grace\u2028Okafor",
  "Grace\u2029Okafor",
  "Gr\u0000ace".replace("\u0000", "\u0001"),
  "Gr\u007face",
];

Deno.test("a name that a mail client makes a link of is none, nor one of two lines, in SQL and in the API", async () => {
  const takes = await Promise.all(["first_name", "last_name"].map((name) => checksOn(`crm_contacts.${name}`)));
  const verdicts = async (name: string) => [
    PersonName.safeParse(name).success,
    ...await Promise.all(takes.map(({ takes }) => takes(name))),
  ];

  for (const name of names) assertEquals([name, ...await verdicts(name)], [name, true, true, true]);
  for (const name of notNames) assertEquals([name, ...await verdicts(name)], [name, false, false, false]);
});

const people = async ({ companyId }: Person) =>
  await sql`select first_name, last_name, email from crm_contacts where company_id = ${companyId} order by created_at, id`;

const said = ({ status, error, body }: Reply) => [status, error?.code ?? body.code].join(" ");
// The embedded data API, which PostgREST is not, has its own words for a violated check.
const violated = /^(400 23514|500 SUP)$/;

const hostile = ["grace@example.com\r\nBcc: eve@example.com", "gr\u0001ace@example.com", "Grace <grace@example.com>"];

Deno.test("what is no address becomes nobody's, whichever way alice tries", async () => {
  const { alice } = await world();
  const grace = await alice.creates("/contacts", { first_name: "Grace", email: "grace@alice.example" });
  const before = await people(alice);

  for (const email of hostile) {
    const tries = [
      await alice.post("/contacts", { first_name: "Grace", email }),
      await alice.patch(`/contacts/${grace.id}`, { email }),
      await alice.patch("/company", { contact_email: email }),
    ];
    assertEquals(tries.map(said), Array(3).fill("400 VALIDATION_ERROR"), email);
    const direct = [
      await alice.rest("POST", "/crm_contacts", { first_name: "Grace", email }),
      await alice.rest("PATCH", `/crm_contacts?id=eq.${grace.id}`, { email }),
      await alice.rest("PATCH", `/companies?id=eq.${alice.companyId}`, { contact_email: email }),
    ];
    for (const reply of direct) assertMatch(said(reply), violated, email);
    const bySql = await sql`
      insert into crm_contacts (company_id, first_name, email) values (${alice.companyId}, 'Grace', ${email})
    `.then(() => "stored", ({ code }) => code);
    assertEquals(bySql, "23514", email);
  }

  assertEquals(await people(alice), before);
  assertEquals((await alice.gets("/company")).contact_email, null);
});

Deno.test("noah's form takes no name that is a link and no address that is none, on the page, in the API and in the database", async () => {
  const { alice } = await world();
  const { token, rita } = await ask(alice);
  const noah = { first_name: "Noah", last_name: "Lee", email: "noah@example.com", consent: true };
  const wrong: [field: string, text: string][] = [
    ["first_name", "https://evil.example"],
    ["first_name", "Noah www.evil.example"],
    ["last_name", "HTTPS://evil.example"],
    ["first_name", "Noah\r\nLee"],
    ["last_name", "Lee\u2028Lee"],
    ...hostile.map((email): [string, string] => ["email", email]),
  ];

  for (const [field, text] of wrong) {
    const form = { ...noah, [field]: text };
    const api = await call("POST", `/public/referral-requests/${token}/submit`, form);
    const page = await call("POST", `/refer/${token}`, undefined, {
      raw: new URLSearchParams({ ...form, consent: "true" }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    const direct = await rpc(token, form);
    assertEquals([said(api), api.error.details.fields.map(({ path }: { path: string }) => path)], [
      "400 VALIDATION_ERROR",
      [
        field,
      ],
    ]);
    assertEquals([text, page.status], [text, 400]);
    assertEquals([direct.status, direct.body.refused?.code, direct.body.refused?.path], [
      200,
      "VALIDATION_ERROR",
      field,
    ]);
  }

  assertEquals((await people(alice)).map(({ email }) => email), [rita.email]);
  assertEquals((await alice.get("/referrals")).body.pagination.total, 0);
  const submitted = await call("POST", `/public/referral-requests/${token}/submit`, noah);
  assertEquals(submitted.status, 201);
});

const rpc = (token: string, form: Record<string, unknown>) => rest("POST", "/rpc/submit_referral", { token, ...form });
