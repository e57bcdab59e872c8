import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { createApp } from "../../supabase/functions/api/app.ts";
import { readConfig } from "../../supabase/functions/api/platform/config.ts";
import { mailbox, mailsTo, plan } from "../world/mailbox.ts";
import { type Json, type Person, sql, stack, world } from "../world/world.ts";

const busy = "The mail provider is busy; try again in a minute.";
const quota = "The mail provider's sending quota is used up; try again when it is renewed.";
const silent = "The mail provider did not answer; try again later.";
const rate = { status: 429, body: { statusCode: 429, name: "rate_limit_exceeded", message: "Too many requests" } };
const daily = { status: 429, body: { statusCode: 429, name: "daily_quota_exceeded", message: "Quota" } };

const cases: { what: string; faults: Json[]; error: string | null; mails: number }[] = [
  { what: "a limit of the rate that passes", faults: [rate], error: null, mails: 1 },
  { what: "a limit of the rate that stays", faults: [rate, rate], error: busy, mails: 0 },
  { what: "a quota, which no second try helps", faults: [daily], error: quota, mails: 0 },
  { what: "a 500 that passes", faults: [{ status: 500 }], error: null, mails: 1 },
  { what: "a 500 that stays", faults: [{ status: 500 }, { status: 500 }], error: silent, mails: 0 },
  {
    what: "a gateway's page",
    faults: [{ status: 502, text: "<html>" }, { status: 502, text: "<html>" }],
    error: silent,
    mails: 0,
  },
  { what: "an answer that is no JSON", faults: [{ status: 200, text: "<html>" }], error: null, mails: 1 },
  { what: "a connection cut after the mail was taken", faults: [{ reset_after_accept: true }], error: null, mails: 1 },
  { what: "a hang that passes", faults: [{ hang: true }], error: null, mails: 1 },
];

async function rita(alice: Person) {
  return await alice.creates("/contacts", { first_name: "Rita", email: `rita-${crypto.randomUUID()}@example.com` });
}

for (const { what, faults, error, mails } of cases) {
  Deno.test(`a request stands, and tells what became of its mail: ${what}`, async () => {
    const { alice } = await world();
    const contact = await rita(alice);
    await using _trouble = await plan(...faults);

    const asked = await alice.post("/referrals/request", { contact_id: contact.id });

    assertEquals([asked.status, asked.data.email_sent, asked.data.email_error], [201, error === null, error]);
    assertEquals((await mailsTo(contact.email)).length, mails);
    assertEquals((await mailbox("GET", "/faults")).json, []);
    const [recorded] = await sql`
      select email_id is not null as id, email_error, emailed_at is not null as at
      from referral_requests where id = ${asked.data.request_id}
    `;
    assertEquals({ ...recorded }, { id: error === null, email_error: error, at: true });
    assertEquals((await alice.gets(`/referrals/requests/${asked.data.request_id}`)).status, "sent");
  });
}

Deno.test("a mail that could not be sent is sent again on demand, under a fresh link", async () => {
  const { alice } = await world();
  const contact = await rita(alice);
  await using _trouble = await plan(daily);
  const failed = await alice.creates("/referrals/request", { contact_id: contact.id });

  const again = await alice.post(`/referrals/requests/${failed.request_id}/resend`);

  assertEquals([failed.email_sent, again.data.email_sent, again.data.email_error], [false, true, null]);
  assertEquals((await mailsTo(contact.email)).length, 1);
});

Deno.test("without a mail provider a request stands, and says that mail is off", async () => {
  const { alice } = await world();
  const contact = await rita(alice);
  const { kid, secret } = stack.signing;
  const app = createApp(readConfig({
    SUPABASE_URL: stack.url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
    SUPABASE_JWKS: JSON.stringify({
      keys: [{ kty: "oct", alg: "HS256", kid, k: Buffer.from(secret).toString("base64url") }],
    }),
    PUBLIC_FORM_URL: "https://forms.example/#{token}",
  }));

  const response = await app.fetch(
    new Request("http://localhost/api/v1/referrals/request", {
      method: "POST",
      headers: { authorization: `Bearer ${alice.token}`, "content-type": "application/json" },
      body: JSON.stringify({ contact_id: contact.id }),
    }),
  );
  const { data }: Json = await response.json();

  assertEquals([response.status, data.email_sent, data.email_error], [
    201,
    false,
    "Mail is switched off on this deployment.",
  ]);
  assertEquals(data.public_url, `https://forms.example/#${data.token}`);
  assertEquals(await mailsTo(contact.email), []);
  assertEquals((await alice.gets(`/referrals/requests/${data.request_id}`)).status, "sent");
});
