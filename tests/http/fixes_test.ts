import { assertEquals } from "@std/assert";
import { errorCodes } from "../../supabase/functions/api/contract/errors.ts";
import { ask } from "../world/ask.ts";
import { automate } from "../world/automations.ts";
import { contents } from "../world/contents.ts";
import { call, chain, type Json, type Reply, sql, world } from "../world/world.ts";

const listener = { url: "http://127.0.0.1:9/", events: ["referral_attributed"], enabled: false };

/** Refusals that their code's own fix would send the wrong way, each with what to do instead. */
async function cases(): Promise<[reply: Reply, code: string, fix: string][]> {
  const { alice } = await world();
  const { referrer, referral } = await chain(alice);
  const [sent, asked] = [
    await ask(alice),
    await alice.creates("/contacts", { first_name: "Ada", email: "a@b.example" }),
  ];
  const [nina, noah] = [await alice.creates("/contacts", { first_name: "Nina" }), { first_name: "Noah" }];
  const friend = { ...noah, email: "noah@example.com", consent: true };
  const submit = () => call("POST", `/public/referral-requests/${sent.token}/submit`, friend);
  assertEquals((await submit()).status, 201);
  await sql`insert into private.unsubscribed (company_id, email) values (${alice.companyId}, ${asked.email})`;
  await alice.changes(`/referrals/${referral.id}`, { status: "declined" });
  const silent = await alice.creates("/webhooks/subscriptions", listener);
  const full = await automate(alice, { trigger_type: "referral_attributed", enabled: false });
  await sql`
    insert into automation_actions (company_id, automation_id, action_type, sequence)
    select ${alice.companyId}, ${full.id}, 'attribute_referral', n from generate_series(1, 20) as n
  `;
  const revoked = await alice.holding("admin");
  await sql`update api_keys set revoked_at = now() where id = ${revoked.keyId}`;
  const before = await contents(alice);
  const refer = (ids: Json) => alice.post("/referrals", { referrer_contact_id: referrer.id, ...ids });
  const raw = (authorization: string) => call("GET", "/referrals", undefined, { headers: { authorization } });
  const bearer = "Send Authorization: Bearer <key>, with the word Bearer before the key.";
  const whole = "Check that the whole key is sent, or ask whoever runs this API for a new one.";

  const found: [Reply, string, string][] = [
    [await raw(alice.token), "UNAUTHORIZED", bearer],
    [await raw(`Basic ${btoa("key:")}`), "UNAUTHORIZED", bearer],
    [await raw("Bearer"), "UNAUTHORIZED", bearer],
    [await raw(`Bearer ${alice.token.slice(0, -9)}`), "UNAUTHORIZED", whole],
    [await raw("Bearer secret"), "UNAUTHORIZED", whole],
    [await revoked.get("/referrals"), "UNAUTHORIZED", "Ask whoever runs this API for a new key."],
    [
      await call("POST", "/internal/dispatch"),
      "UNAUTHORIZED",
      "Leave it to the database: events are sent by themselves.",
    ],
    [await alice.get("/nowhere"), "NOT_FOUND", "Check the path: /docs shows every route."],
    [await alice.get("/schemas/triggers/nothing"), "NOT_FOUND", "Take a name from the list of these types."],
    [
      await alice.patch(`/contacts/${nina.id}`, {}),
      "VALIDATION_ERROR",
      "Send at least one of the fields that the hint lists.",
    ],
    [await alice.get("/referrals?after=a&before=b"), "VALIDATION_ERROR", "Send one of the two."],
    [await refer({ referred_contact_id: referrer.id }), "CONFLICT", "Name two different contacts."],
    [
      await alice.post(`/referrals/${referral.id}/convert`),
      "CONFLICT",
      "Set its status to pending or accepted by a PATCH, then convert it.",
    ],
    [
      await alice.post("/referrals/request", { contact_id: nina.id }),
      "VALIDATION_ERROR",
      "Give the contact an email address first, or ask another one.",
    ],
    [await alice.post("/referrals/request", { contact_id: asked.id }), "CONFLICT", "Ask somebody else."],
    [
      await alice.post(`/referrals/requests/${sent.requestId}/resend`),
      "CONFLICT",
      "Leave it as it is; to ask this contact again, make a new request.",
    ],
    [
      await alice.post(`/automations/${full.id}/actions`, { action_type: "attribute_referral" }),
      "CONFLICT",
      "Delete what is no longer needed, or ask whoever runs this API for a higher limit.",
    ],
    [
      await alice.post(`/webhooks/subscriptions/${silent.id}/test`),
      "CONFLICT",
      'PATCH the subscription with {"enabled": true}, then send this again.',
    ],
    [await call("GET", "/public/referral-requests/nothing"), "NOT_FOUND", "Use the whole link of the newest mail."],
    [await submit(), "CONFLICT", "Ask for a new link to refer somebody else."],
  ];
  assertEquals(await contents(alice), before);
  return found;
}

Deno.test("what a refusal says to do fits its very case, and nothing has changed", async () => {
  for (const [{ status, error, text }, code, fix] of await cases()) {
    const own = errorCodes[code as keyof typeof errorCodes];
    assertEquals(
      [status, error?.code, error?.fix, error?.hint ?? null],
      [own.status, code, fix, error?.hint ?? null],
      text,
    );
    assertEquals(fix === own.fix, false);
  }
});

Deno.test("an Authorization header without Bearer is told so, one without a key is told of it, and neither is let in", async () => {
  const { alice } = await world();
  const raw = (authorization: string) => call("GET", "/referrals", undefined, { headers: { authorization } });

  const [bare, none] = [await raw(alice.token), await call("GET", "/referrals")];

  assertEquals([bare.status, bare.error.message], [
    401,
    "The Authorization header is not the word Bearer, a space and an API key.",
  ]);
  assertEquals([none.status, none.error.message, none.error.fix], [
    401,
    "This endpoint needs an API key.",
    "Send a valid API key as Authorization: Bearer <key>.",
  ]);
  assertEquals(bare.text.includes(alice.token), false);
  assertEquals([bare, none].map(({ headers }) => headers.get("www-authenticate")), ["Bearer", "Bearer"]);
});
