import { assertEquals, assertStringIncludes } from "@std/assert";
import { longDate } from "../../supabase/functions/api/mail/long_date.ts";
import { mailbox, mailsTo, plan } from "../world/mailbox.ts";
import { type Json, sql, world } from "../world/world.ts";

const localTime = (instant: string, timeZone: string) =>
  new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "medium" }).format(new Date(instant));

Deno.test("a link lives to the end of the day that its mail names, where the workspace is", async () => {
  const { alice } = await world();
  const zones = [
    ...[
      "Pacific/Kiritimati",
      "Pacific/Pago_Pago",
      "Asia/Kolkata",
      "Asia/Kathmandu",
      "Australia/Sydney",
      "America/St_Johns",
    ],
    ...["Europe/London", "Asia/Tehran", "America/Los_Angeles", "Pacific/Chatham", "UTC", "Africa/Casablanca"],
  ];
  for (const [at, timezone] of zones.entries()) {
    await alice.changes("/company", { timezone });
    const email = `rita-${crypto.randomUUID()}@example.com`;
    const rita = await alice.creates("/contacts", { first_name: "Rita", email });
    const days = [1, 30, 365][at % 3];
    const asked = await alice.creates("/referrals/request", { contact_id: rita.id, expires_in_days: days });

    assertEquals(localTime(asked.expires_at, timezone), "23:59:59", timezone);
    const [{ id }] = await mailsTo(email);
    const { html, text } = (await mailbox("GET", `/emails/${id}`)).json;
    const [{ day }] =
      await sql`select to_char(now() at time zone ${timezone} + make_interval(days => ${days}), 'FMDD FMMonth YYYY') as day`;
    assertEquals(longDate(asked.expires_at, timezone), day);
    for (const said of [html, text]) assertStringIncludes(said.replaceAll(/\s+/g, " "), `until ${day}.`);
  }
  // Over the hour that summer time takes or gives.
  const ends = await sql`select private.end_of_day(instant::timestamptz, 1, zone) as ends
    from (values ('2026-03-28 12:00Z', 'Europe/Berlin'), ('2026-10-24 12:00Z', 'Europe/Berlin'), ('2026-10-03 12:00Z', 'Australia/Sydney'))
      as days (instant, zone)`;
  assertEquals(ends.map((row) => row.ends.toISOString()), [
    "2026-03-29T21:59:59.999Z",
    "2026-10-25T22:59:59.999Z",
    "2026-10-04T12:59:59.999Z",
  ]);
});

Deno.test("a request whose mail failed says so, in reads and in filters, until it is sent again", async () => {
  const { alice, bob } = await world();
  const rita = await alice.creates("/contacts", {
    first_name: "Rita",
    email: `rita-${crypto.randomUUID()}@example.com`,
  });
  const sam = await alice.creates("/contacts", { first_name: "Sam", email: `sam-${crypto.randomUUID()}@example.com` });
  const fault = { status: 422, body: { statusCode: 422, name: "validation_error", message: "Invalid to" } };
  const trouble = await plan(fault);
  const failed = await alice.creates("/referrals/request", { contact_id: rita.id });
  await trouble[Symbol.asyncDispose]();
  const sent = await alice.creates("/referrals/request", { contact_id: sam.id });

  const listed = async (query: string) =>
    (await alice.gets(`/referrals/requests?${query}`)).map((row: Json) => [row.id, row.delivery, row.email_error]);
  assertEquals([failed.email_sent, sent.email_sent], [false, true]);
  assertEquals(await listed("delivery=failed"), [[failed.request_id, "failed", failed.email_error]]);
  assertEquals(await listed("delivery=sent"), [[sent.request_id, "sent", null]]);
  assertEquals(await listed("delivery=failed&status=sent&fields=id,delivery,email_error"), [
    [failed.request_id, "failed", failed.email_error],
  ]);
  assertEquals((await bob.gets("/referrals/requests?delivery=failed")).length, 0);
  for (const odd of ["lost", "", "Failed"]) {
    const refused = await alice.get(`/referrals/requests?delivery=${odd}`);
    assertEquals([refused.status, refused.error.details.fields[0].path], [400, "delivery"]);
  }
  await sql`update referral_requests set sent_at = sent_at - interval '2 hours' where id = ${failed.request_id}`;
  assertEquals((await alice.post(`/referrals/requests/${failed.request_id}/resend`)).data.email_sent, true);
  const { delivery, email_error } = await alice.gets(`/referrals/requests/${failed.request_id}`);
  assertEquals([delivery, email_error, await listed("delivery=failed")], ["sent", null, []]);
});
