import { assertEquals, assertMatch } from "@std/assert";
import { type ActionType, actionTypes } from "../../supabase/functions/api/actions/registry.ts";
import { triggers } from "../../supabase/functions/api/events/event_types.ts";
import { automate, runsOf, settled, trigger } from "../world/automations.ts";
import { contents } from "../world/contents.ts";
import { tried } from "../world/deliveries.ts";
import { listen } from "../world/listener.ts";
import { chain, type Json, type Person, type Reply, sql, world } from "../world/world.ts";

// Every scope at everything that acts later is in the isolation matrix (tests/proof/isolation/deputies.ts). These are stories.

const outcome = ({ status, error }: Reply) => [status, error?.code];
const narrow = ({ keyId }: Person, ...scopes: string[]) =>
  sql`update api_keys set scopes = ${scopes} where id = ${keyId}`;
const onReferrals = { name: "On referrals", trigger_type: "referral_attributed" };
const mail = { to: "contact", subject: "About {{deal.name}}", body_html: "<p>{{contact.email}}</p>" };

Deno.test("whoever may write automations saves none that does or tells what that key may not, and is told the scope", async () => {
  const { alice } = await world();
  const { id } = await alice.creates("/automations", onReferrals);
  const action = await alice.creates(`/automations/${id}/actions`, { action_type: "attribute_referral" });
  const subscription = await alice.creates("/webhooks/subscriptions", {
    url: "http://127.0.0.1:9/hooks",
    events: ["referral_attributed"],
  });
  const deputy = await alice.holding("automations:write", "webhooks:write");
  const hearing = await alice.holding("automations:write", "referrals:read");
  const before = await contents(alice);

  const url = "http://127.0.0.1:9/deputy";
  const refused: [Promise<Reply>, string][] = [
    [deputy.post("/automations", onReferrals), "referrals:read"],
    [
      deputy.post("/automations", { name: "By trigger", trigger: { trigger_type: "referral_attributed" } }),
      "referrals:read",
    ],
    [
      hearing.post("/automations", { ...onReferrals, actions: [{ action_type: "attribute_referral" }] }),
      "referrals:write",
    ],
    [deputy.post(`/automations/${id}/actions`, { action_type: "attribute_referral" }), "referrals:write"],
    [
      deputy.post(`/automations/${id}/actions`, {
        action_type: "send_email",
        config: { to: "contact", subject: "Hello", body: "<p>Hello</p>" },
      }),
      "contacts:read",
    ],
    [deputy.post(`/automations/${id}/actions`, { action_type: "send_email", config: mail }), "contacts:read"],
    [deputy.post(`/automations/${id}/actions`, { action_type: "call_webhook", config: { url } }), "referrals:read"],
    [deputy.patch(`/automations/${id}`, { enabled: true }), "referrals:read"],
    [
      deputy.patch(`/automations/${id}/actions/${action.id}`, { config: { category: "MRI" } }),
      "referrals:write",
    ],
    [deputy.post("/webhooks/subscriptions", { url, events: ["stage_changed"] }), "opportunities:read"],
    [deputy.patch(`/webhooks/subscriptions/${subscription.id}`, { url }), "referrals:read"],
  ];
  for (const [reply, scope] of refused) {
    const { status, error } = await reply;
    assertEquals([status, error?.code], [403, "INSUFFICIENT_SCOPE"], scope);
    assertMatch(error.message, new RegExp(`lacks the scope ${scope}\\b`));
  }

  assertEquals(await contents(alice), before);
  // What does neither is theirs to change; a switch that only ends something, too.
  assertEquals((await deputy.patch(`/automations/${id}`, { name: "Renamed", priority: 3 })).status, 200);
  assertEquals((await deputy.patch(`/webhooks/subscriptions/${subscription.id}`, { enabled: false })).status, 200);
  assertEquals((await alice.gets(`/automations/${id}`)).created_by, alice.keyId);
});

Deno.test("who says anew what an automation does answers for it from then on", async () => {
  const { alice } = await world();
  const { id } = await alice.creates("/automations", onReferrals);
  const other = await alice.holding("admin");

  await other.changes(`/automations/${id}`, { conditions: { category: { eq: "MRI" } } });
  assertEquals((await alice.gets(`/automations/${id}`)).created_by, other.keyId);
  await alice.changes(`/automations/${id}`, { name: "Hers by name" });
  assertEquals((await alice.gets(`/automations/${id}`)).created_by, other.keyId);
  const forged = await alice.rest("PATCH", `/automations?id=eq.${id}`, { created_by: alice.keyId });
  assertEquals([forged.status, forged.body.code], [403, "42501"]);
});

Deno.test("an action fails once its maker's key may do it no more, and acts again when it may; revoking alone ends nothing", async () => {
  const { alice } = await world();
  const { opportunity, friend, referrer } = await chain(alice);
  const maker = await alice.holding("automations:write", "referrals:write", "contacts:read", "opportunities:read");
  const automation = await automate(maker, { ...onReferrals, enabled: false }, {
    action_type: "attribute_referral",
    config: { referrer_contact_id: referrer.id },
  });
  const mailing = await automate(maker, { ...onReferrals, enabled: false }, {
    action_type: "send_email",
    config: mail,
  });
  const run = async (one: Json) => {
    const { status, action_results: [result] } = await trigger(alice, one, {
      referred_deal_id: opportunity.id,
      referred_contact_id: friend.id,
    });
    return [status, result.status, result.error];
  };
  const refusal = (scope: string) =>
    `The key that made this automation or action was disabled, or lacks the scope ${scope}.`;

  assertEquals(await run(automation), ["completed", "completed", null]);
  await narrow(maker, "automations:write", "referrals:read");
  assertEquals(await run(automation), ["failed", "failed", refusal("referrals:write")]);
  assertEquals(await run(mailing), ["failed", "failed", refusal("contacts:read")]);
  await narrow(maker, "referrals:write", "contacts:read", "opportunities:read");
  await sql`update api_keys set revoked_at = now() where id = ${maker.keyId}`;
  assertEquals(await run(automation), ["completed", "completed", null]);
  await sql`update api_keys set disabled_at = now() where id = ${maker.keyId}`;
  assertEquals(await run(automation), ["failed", "failed", refusal("referrals:write")]);
});

Deno.test("a subscription is told nothing that its maker's key may not read any more, and others are", async () => {
  const { alice } = await world();
  await using receiver = listen();
  const maker = await alice.holding("webhooks:write", "referrals:read");
  const subscribe = (person: Person, path: string) =>
    person.creates("/webhooks/subscriptions", { url: receiver.url + path, events: ["referral_attributed"] });
  const [theirs, hers] = [await subscribe(maker, "/maker"), await subscribe(alice, "/alice")];

  await narrow(maker, "webhooks:write");
  await chain(alice);
  await tried(alice, hers);
  await settled(alice);

  assertEquals(await alice.gets(`/webhooks/subscriptions/${theirs.id}/logs`), []);
});

Deno.test("a run by hand signs that a key started it, and not an event that did not happen", async () => {
  const { alice } = await world();
  await using receiver = listen();
  const automation = await automate(alice, { ...onReferrals, enabled: false }, {
    action_type: "call_webhook",
    config: { url: receiver.url },
  });
  const starter = await alice.holding("automations:trigger");

  const run = await trigger(starter, automation, { referral_id: crypto.randomUUID(), status: "converted" });
  await settled(alice);
  const [{ body }] = receiver.received;

  assertEquals([run.trigger_type, run.trigger_data.status], ["api", "converted"]);
  assertEquals(body.type, "automation_triggered");
  assertEquals([body.data.automation_id, body.data.run_id, body.data.api_key_id, body.data.trigger_data.status], [
    automation.id,
    run.run_id,
    starter.keyId,
    "converted",
  ]);
});

Deno.test("a run shows a key what that key may read, by the API and around it; the rest is null", async () => {
  const { alice } = await world();
  const { opportunity, friend } = await chain(alice);
  const automation = await automate(
    alice,
    onReferrals,
    { action_type: "attribute_referral", config: { category: "MRI", referrer_contact_id: friend.id } },
    { action_type: "send_email", config: { ...mail, to: "referrer" } },
  );
  await alice.changes(`/opportunities/${opportunity.id}`, { contact_id: null });
  await alice.creates("/referrals", {
    referrer_contact_id: friend.id,
    referred_deal_id: opportunity.id,
    notes: "Private",
  });
  await runsOf(alice, automation);
  const seen = async (...scopes: string[]) => {
    const key = await alice.holding("automations:read", ...scopes);
    const runs: Json[] = await key.gets(`/automations/${automation.id}/runs?limit=100`);
    const [run] = runs.filter(({ event_id }) => event_id === told.event_id);
    const around = await key.rest("GET", `/automation_runs?id=eq.${run.run_id}&select=trigger_data,action_results`);
    assertEquals(around.body[0].trigger_data === null, run.trigger_data === null);
    assertEquals(
      around.body[0].action_results.map((it: Json) => it.request),
      run.action_results.map((it: Json) => it.request),
    );
    return [
      run.trigger_data?.notes ?? null,
      ...run.action_results.map(({ request, response }: Json) => request === null && response === null ? null : "seen"),
    ];
  };
  const all: Json[] = await alice.gets(`/automations/${automation.id}/runs?limit=100`);
  const told = all.find(({ trigger_data }) => trigger_data.notes === "Private");
  assertEquals(told.action_results.length, 2, JSON.stringify(told));

  assertEquals(await seen(), [null, null, null]);
  assertEquals(await seen("referrals:read"), ["Private", "seen", null]);
  assertEquals(await seen("contacts:read"), [null, null, null]);
  assertEquals(await seen("contacts:read", "opportunities:read"), [null, null, "seen"]);
  assertEquals(await seen("admin"), ["Private", "seen", "seen"]);
});

Deno.test("a key that may only trigger is answered its own run, without the texts that it may not read, and no other's", async () => {
  const { alice } = await world();
  const { opportunity, friend } = await chain(alice);
  const automation = await automate(alice, { ...onReferrals, enabled: false }, {
    action_type: "send_email",
    config: mail,
  });
  const starter = await alice.holding("automations:trigger");
  const given = { referred_deal_id: opportunity.id, referred_contact_id: friend.id };

  const [own, hers] = [await trigger(starter, automation, given), await trigger(alice, automation, given)];

  assertEquals(own.trigger_data.referred_deal_id, opportunity.id);
  assertEquals(own.action_results.map(({ status, request, response }: Json) => [status, request, response]), [
    ["completed", null, null],
  ]);
  assertEquals(hers.action_results[0].request.subject, "About Fred's knee");
  const other = await starter.rest("POST", "/rpc/automation_run", { run_id: hers.run_id });
  assertEquals([other.status, other.body], [200, null]);
});

Deno.test("a delivery is not replayed for a maker that may not be told of it any more", async () => {
  const { alice } = await world();
  await using receiver = listen();
  const maker = await alice.holding("webhooks:write", "referrals:read");
  const subscription = await maker.creates("/webhooks/subscriptions", {
    url: receiver.url,
    events: ["referral_attributed"],
  });
  await chain(alice);
  const [delivery] = await tried(alice, subscription);
  await narrow(maker, "webhooks:write");

  assertEquals(outcome(await alice.post(`/webhooks/deliveries/${delivery.id}/replay`)), [409, "CONFLICT"]);
  assertEquals((await alice.gets(`/webhooks/subscriptions/${subscription.id}/logs`))[0].attempts.length, 1);
});

Deno.test("SQL and TypeScript agree on the scopes of what triggers tell and actions do", async () => {
  for (const [type, { scope }] of Object.entries(triggers)) {
    assertEquals((await sql`select private.scopes_to_hear(${type}) as scopes`)[0].scopes, [scope]);
  }
  const texts = ["{{ deal.name }}", "{{opportunity.value}}", "{{deal . name}}", "deal.name", "{{contact.email}}"];
  const configs: [ActionType, Json][] = [
    ["attribute_referral", { notes: "{{deal.name}}" }],
    ["call_webhook", { url: "https://hooks.example.com/" }],
    ...texts.map((subject): [ActionType, Json] => ["send_email", { ...mail, subject }]),
  ];
  for (const [type, config] of configs) {
    const [{ scopes }] = await sql`select private.scopes_of_action(${type}, ${
      sql.json(config)
    }, 'webhook_test') as scopes`;
    const missing = actionTypes[type].scopes(config).filter((scope) => !scopes.includes(scope));
    assertEquals([config, missing], [config, []]);
  }
});
