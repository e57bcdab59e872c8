import { assertEquals } from "@std/assert";
import { ask } from "../world/ask.ts";
import { mailsTo } from "../world/mailbox.ts";
import { call, eventually, type Person, sql, world } from "../world/world.ts";

const requests = async ({ companyId }: Person) =>
  (await sql`select id from referral_requests where company_id = ${companyId} order by created_at`).map(({ id }) => id);

Deno.test("rita, who has an open request, is not asked again but by force, and alice is told which one it is", async () => {
  const { alice } = await world();
  const email = `rita-${crypto.randomUUID()}@example.com`;
  const rita = await alice.creates("/contacts", { first_name: "Rita", email });
  const fred = await alice.creates("/contacts", {
    first_name: "Fred",
    email: `fred-${crypto.randomUUID()}@example.com`,
  });
  const first = await alice.creates("/referrals/request", { contact_id: rita.id });

  const refused = await alice.post("/referrals/request", { contact_id: rita.id, subject_override: "Again" });
  const gentle = await alice.post("/referrals/request", { contact_id: rita.id, force: false });
  const direct = await alice.rest("POST", "/rpc/ask_for_referral", {
    contact: rita.id,
    token: "a",
    unsubscribe_token: "b",
  });

  for (const { status, error } of [refused, gentle]) {
    assertEquals([status, error.code, error.existing_id, error.details], [
      409,
      "CONFLICT",
      first.request_id,
      undefined,
    ]);
  }
  assertEquals([direct.status, direct.body.code, direct.body.details], [409, "CONFLICT", first.request_id]);
  assertEquals([await requests(alice), (await mailsTo(email)).length], [[first.request_id], 1]);

  const forced = await alice.creates("/referrals/request", { contact_id: rita.id, force: true });
  assertEquals(await requests(alice), [first.request_id, forced.request_id]);
  assertEquals((await mailsTo(email)).length, 2);
  assertEquals((await alice.post("/referrals/request", { contact_id: fred.id })).status, 201);
});

Deno.test("a request that was submitted, withdrawn or has lapsed keeps nobody from being asked, one that was viewed does", async () => {
  const { alice } = await world();
  const friend = { first_name: "Noah", email: "noah@example.com", consent: true };
  const ends: Record<string, (asked: Awaited<ReturnType<typeof ask>>) => Promise<unknown>> = {
    submitted: ({ token }) => call("POST", `/public/referral-requests/${token}/submit`, friend),
    withdrawn: ({ requestId }) => alice.delete(`/referrals/requests/${requestId}`),
    // By the clock alone, before any job has written it down.
    lapsed: async ({ requestId }) => {
      await sql`update referral_requests set expires_at = now() + interval '100 ms' where id = ${requestId}`;
      await eventually(async () => (await alice.gets(`/referrals/requests/${requestId}`)).status === "expired");
    },
    viewed: ({ token }) => call("POST", `/public/referral-requests/${token}/viewed`),
  };

  for (const [end, come] of Object.entries(ends)) {
    const asked = await ask(alice);
    await come(asked);
    const { status, error } = await alice.post("/referrals/request", { contact_id: asked.rita.id });
    const expected = end === "viewed" ? [409, asked.requestId] : [201, undefined];
    assertEquals([end, status, error?.existing_id], [end, ...expected]);
  }
});

Deno.test("who asks rita while somebody else is about to waits for them, and is told of their request", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", {
    first_name: "Rita",
    email: `rita-${crypto.randomUUID()}@example.com`,
  });
  const claims = { role: "api_key", sub: alice.keyId, company_id: alice.companyId, scopes: ["admin"] };
  const isWaiting = async () =>
    (await sql`select from pg_locks where locktype = 'advisory' and not granted`).length > 0;

  const [first, asking] = await sql.begin(async (tx) => {
    await tx`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
    const [{ mail }] = await tx`select public.ask_for_referral(${rita.id}, 'first', 'stop') as mail`;
    const asking = alice.post("/referrals/request", { contact_id: rita.id });
    await eventually(isWaiting);
    // Not the promise itself: it is answered after the commit.
    return [mail.request_id, { asking }] as const;
  });
  const second = await asking.asking;

  assertEquals([second.status, second.error?.existing_id], [409, first]);
  assertEquals(await requests(alice), [first]);
});

Deno.test("of sixteen who ask rita at once one does, and the others are told of that request", async () => {
  const { alice } = await world();
  const email = `rita-${crypto.randomUUID()}@example.com`;
  const rita = await alice.creates("/contacts", { first_name: "Rita", email });

  const replies = await Promise.all(
    Array.from({ length: 16 }, () => alice.post("/referrals/request", { contact_id: rita.id })),
  );

  const [made, ...more] = replies.filter(({ status }) => status === 201);
  assertEquals(more, []);
  const others = replies.filter((reply) => reply !== made).map(({ status, error }) => [status, error.existing_id]);
  assertEquals(others, Array(15).fill([409, made.data.request_id]));
  assertEquals([(await requests(alice)).length, (await mailsTo(email)).length], [1, 1]);
});

Deno.test("force is true or false, and nothing else", async () => {
  const { alice } = await world();
  const { rita, requestId } = await ask(alice);
  for (const force of ["true", 1, null]) {
    const refused = await alice.post("/referrals/request", { contact_id: rita.id, force });
    assertEquals([refused.status, refused.error.code, refused.error.details.fields[0].path], [
      400,
      "VALIDATION_ERROR",
      "force",
    ]);
  }
  assertEquals(await requests(alice), [requestId]);
});
