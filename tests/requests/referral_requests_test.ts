import { assertEquals } from "@std/assert";
import { call, eventually, sql, world } from "../world/world.ts";

const friend = { first_name: "Noah", email: "noah@example.com", consent: true };

Deno.test("alice asks rita, noah fills in the form, and is a contact, an opportunity and a referral", async () => {
  const { alice } = await world();
  const sales = await alice.creates("/pipelines", { name: "Sales", stages: [{ name: "New" }, { name: "Won" }] });
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const asked = await alice.creates("/referrals/request", { contact_id: rita.id });
  const path = `/public/referral-requests/${asked.token}`;

  const form = await call("GET", path);
  await call("POST", `${path}/viewed`);
  const seen = await alice.gets(`/referrals/requests/${asked.request_id}`);
  const submitted = await call("POST", `${path}/submit`, { ...friend, phone: "0412 000 106", message: "Bad knee" });
  const again = await call("POST", `${path}/submit`, friend);

  assertEquals(form.data, {
    company: { name: "Alice's clinic", logo_url: null, primary_color: null },
    referrer_first_name: "Rita",
    categories: [],
    status: "sent",
    expires_at: asked.expires_at,
  });
  assertEquals([seen.status, seen.recipient_email, seen.recipient_name], ["viewed", "rita@example.com", "Rita"]);
  assertEquals([submitted.status, submitted.data.status], [201, "submitted"]);
  assertEquals([again.status, again.error.code], [409, "CONFLICT"]);
  const request = await alice.gets(`/referrals/requests/${asked.request_id}`);
  const [referral] = await alice.gets("/referrals?expand=referred_contact");
  const opportunity = await alice.gets(`/opportunities/${referral.referred_deal_id}`);
  assertEquals([request.status, request.referral_id], ["submitted", referral.id]);
  assertEquals([referral.source, referral.referrer_contact_id, referral.notes, referral.created_by], [
    "form",
    rita.id,
    "Bad knee",
    null,
  ]);
  assertEquals([referral.referred_contact.first_name, referral.referred_contact.phone], ["Noah", "+61412000106"]);
  assertEquals(opportunity.primary_referrer_contact_id, rita.id);
  assertEquals([opportunity.contact_id, opportunity.lead_source], [referral.referred_contact_id, "Referral"]);
  assertEquals(opportunity.placements[0].stage.id, sales.stages[0].id);
});

Deno.test("the token is in the answer to the asker alone, and the database holds its hash", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const { token, request_id, public_url } = await alice.creates("/referrals/request", { contact_id: rita.id });

  const listed = await alice.get("/referrals/requests");
  const direct = await alice.rest("GET", "/referral_requests?select=*");
  const hashes = await alice.rest("GET", "/referral_requests?select=token_hash");
  const [stored] =
    await sql`select to_jsonb(referral_requests)::text as row from referral_requests where id = ${request_id}`;

  assertEquals(token.length, 43);
  assertEquals(public_url.endsWith(`/refer/${token}`), true);
  assertEquals([listed.text.includes(token), direct.text.includes(token), stored.row.includes(token)], [
    false,
    false,
    false,
  ]);
  assertEquals([direct.status, direct.body.length, hashes.status], [200, 1, 400]);
});

Deno.test("a request is expired by the clock and by withdrawal, in reads and in filters, and its link answers 410", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const ask = () => alice.creates("/referrals/request", { contact_id: rita.id, force: true });
  const [late, withdrawn, open] = [await ask(), await ask(), await ask()];
  await sql`update referral_requests set expires_at = now() - interval '1 second' where id = ${late.request_id}`;

  const gone = await alice.delete(`/referrals/requests/${withdrawn.request_id}`);
  const replies = await Promise.all(
    [late, withdrawn].map(({ token }) => call("POST", `/public/referral-requests/${token}/submit`, friend)),
  );

  assertEquals(gone.status, 204);
  assertEquals(replies.map((reply) => [reply.status, reply.error.code]), [[410, "EXPIRED"], [410, "EXPIRED"]]);
  const ids = async (status: string) =>
    (await alice.gets(`/referrals/requests?status=${status}&order=asc`)).map((row: { id: string }) => row.id);
  assertEquals(await ids("expired"), [late.request_id, withdrawn.request_id]);
  assertEquals(await ids("sent"), [open.request_id]);
  assertEquals(await ids("submitted"), []);
  assertEquals((await alice.gets(`/referrals/requests/${late.request_id}`)).status, "expired");
  assertEquals((await alice.get("/referrals")).body.pagination.total, 0);
});

Deno.test("a request that lapses is expired at once, whether or not the job has written that down", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const ask = () => alice.creates("/referrals/request", { contact_id: rita.id, force: true });
  const [older, lapsing, open] = [await ask(), await ask(), await ask()];
  await alice.delete(`/referrals/requests/${older.request_id}`);
  const ids = async (query: string) =>
    (await alice.gets(`/referrals/requests?${query}`)).map((row: { id: string }) => row.id);
  const written = async () =>
    (await sql`select written_status, lapses_at is null as settled from referral_requests where id = ${lapsing.request_id}`)
      .map((row) => Object.values(row));
  const edited = async () => (await sql`select updated_at from referral_requests where id = ${lapsing.request_id}`)[0];

  await sql`update referral_requests set expires_at = now() + interval '300 ms' where id = ${lapsing.request_id}`;
  await eventually(async () => (await ids("status=expired")).length === 2);
  const [before, unwritten] = [await ids("status=expired"), await ids("status=sent")];
  const page = await alice.get("/referrals/requests?status=expired&limit=1");
  const next = await alice.get(`/referrals/requests?status=expired&limit=1&after=${page.body.pagination.next_cursor}`);
  const stamp = await edited();
  await sql`select private.write_expired_requests()`;

  assertEquals([before, unwritten], [[lapsing.request_id, older.request_id], [open.request_id]]);
  assertEquals([page, next].map(({ data }) => data[0].id), [lapsing.request_id, older.request_id]);
  assertEquals([page, next].map(({ body }) => body.pagination.total), [2, 2]);
  assertEquals([await written(), await edited()], [[["expired", true]], stamp]);
  assertEquals([await ids("status=expired"), await ids("status=sent")], [before, unwritten]);

  await alice.post(`/referrals/requests/${lapsing.request_id}/resend`);
  assertEquals([await written(), await ids("status=expired")], [[["sent", false]], [older.request_id]]);
});

Deno.test("sending again makes a fresh link, and the old one stops working; a submitted request is left alone", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const first = await alice.creates("/referrals/request", { contact_id: rita.id, expires_in_days: 1 });
  await alice.delete(`/referrals/requests/${first.request_id}`);

  const second = await alice.post(`/referrals/requests/${first.request_id}/resend`);
  const old = await call("POST", `/public/referral-requests/${first.token}/submit`, friend);
  const fresh = await call("POST", `/public/referral-requests/${second.data.token}/submit`, friend);
  const third = await alice.post(`/referrals/requests/${first.request_id}/resend`);
  const withdrawn = await alice.delete(`/referrals/requests/${first.request_id}`);

  assertEquals([second.status, second.data.request_id, second.data.token === first.token], [
    200,
    first.request_id,
    false,
  ]);
  assertEquals([old.status, old.error.code], [404, "NOT_FOUND"]);
  assertEquals(fresh.status, 201);
  assertEquals([third.status, third.error.code], [409, "CONFLICT"]);
  assertEquals([withdrawn.status, withdrawn.error.code], [409, "CONFLICT"]);
  assertEquals((await alice.gets(`/referrals/requests/${first.request_id}`)).status, "submitted");
});

Deno.test("nobody is asked without an email, or after unsubscribing, which another workspace is not told", async () => {
  const { alice, bob } = await world();
  const mute = await alice.creates("/contacts", { first_name: "Mute" });
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "Rita@example.com" });
  const theirs = await bob.creates("/contacts", { first_name: "Theirs", email: "rita@example.com" });
  const { request_id } = await alice.creates("/referrals/request", { contact_id: rita.id });
  await sql`insert into private.unsubscribed (company_id, email) values (${alice.companyId}, 'rita@example.com')`;

  const replies = [
    await alice.post("/referrals/request", { contact_id: mute.id }),
    await alice.post("/referrals/request", { contact_id: rita.id }),
    await alice.post(`/referrals/requests/${request_id}/resend`),
  ];

  assertEquals(replies.map((reply) => [reply.status, reply.error.code]), [
    [400, "VALIDATION_ERROR"],
    [409, "CONFLICT"],
    [409, "CONFLICT"],
  ]);
  assertEquals((await alice.get("/referrals/requests")).body.pagination.total, 1);
  assertEquals((await bob.post("/referrals/request", { contact_id: theirs.id })).status, 201);
});
