import { assertEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { chain, type Json, world } from "../world/world.ts";

const inOneCall = {
  name: "Thank referrer",
  description: "By mail, once they are known",
  enabled: true,
  trigger: {
    trigger_type: "referral_attributed",
    config: { conditions: { category: { contains_any: ["MRI", "CT"] } } },
  },
  actions: [
    { action_type: "send_email", config: { to: "referrer", subject: "Thanks", body: "<p>Hi</p>" } },
    { action_type: "create_referral", config: { category: "MRI" } },
  ],
};

Deno.test("alice makes an automation with its trigger and actions in one call, and reads all of it at once", async () => {
  const { alice } = await world();

  const { id, ...made } = await alice.creates("/automations", inOneCall);
  const read = await alice.gets(`/automations/${id}`);

  assertEquals([made.trigger_type, made.enabled, made.description], [
    "referral_attributed",
    true,
    inOneCall.description,
  ]);
  assertEquals(read.conditions, { category: { contains_any: ["MRI", "CT"] } });
  assertEquals(read.actions.map((it: Json) => [it.action_type, it.sequence, it.config]), [
    ["send_email", 0, { to: "referrer", subject: "Thanks", body_html: "<p>Hi</p>" }],
    ["attribute_referral", 1, { category: "MRI" }],
  ]);
  assertEquals([read.automations_actions, read.automations_triggers], [read.actions, read.triggers]);
  assertEquals(await alice.gets(`/automations/${id}/triggers`), read.triggers);
});

Deno.test("an automation with one wrong action is not made, and the action is named by its place", async () => {
  const { alice } = await world();
  const before = await contents(alice);
  const [thanks] = inOneCall.actions;

  const wrong = await alice.post("/automations", { ...inOneCall, actions: [thanks, { action_type: "send_fax" }] });
  const empty = await alice.post("/automations", {
    ...inOneCall,
    actions: [{ ...thanks, config: { to: "referrer" } }],
  });
  const twice = await alice.post("/automations", { ...inOneCall, trigger_type: "referral_attributed" });
  const never = await alice.post("/automations", { name: "Never" });
  const stranger = { action_type: "attribute_referral", config: { referrer_contact_id: crypto.randomUUID() } };
  const late = await alice.post("/automations", { ...inOneCall, actions: [thanks, stranger] });

  const replies = [wrong, empty, twice, never, late];
  assertEquals(replies.map(({ status }) => status), [400, 400, 400, 400, 404]);
  assertEquals(replies.slice(0, 4).map(({ error }) => error.details.fields.map((it: Json) => it.path)), [
    ["actions.1.action_type"],
    ["actions.0.config.subject", "actions.0.config.body_html"],
    ["trigger"],
    ["trigger_type"],
  ]);
  assertEquals(await contents(alice), before);
});

Deno.test("it is switched on and off, its conditions are cleared by null, and its actions are put into another order", async () => {
  const { alice, bob } = await world();
  const { id } = await alice.creates("/automations", inOneCall);
  const path = `/automations/${id}`;
  const [mail, referral] = (await alice.gets(path)).actions;

  const off = await alice.post(`${path}/disable`);
  const on = await alice.post(`${path}/enable`);
  const cleared = await alice.changes(path, { conditions: null });
  const ordered = await alice.post(`${path}/actions/reorder`, { action_ids: [referral.id] });
  const strange = await alice.post(`${path}/actions/reorder`, { action_ids: [crypto.randomUUID()] });
  const foreign = await bob.post(`${path}/actions/reorder`, { action_ids: [mail.id] });
  const switched = await bob.post(`${path}/disable`);

  assertEquals([off.data.enabled, on.data.enabled, cleared.conditions], [false, true, {}]);
  const order = (actions: Json[]) => actions.map((it) => [it.id, it.sequence]);
  assertEquals([ordered.status, order(ordered.data.actions)], [200, [[referral.id, 0], [mail.id, 1]]]);
  assertEquals([strange, foreign, switched].map(({ status }) => status), [404, 404, 404]);
  const left = await alice.gets(path);
  assertEquals([left.enabled, order(left.actions)], [true, [[referral.id, 0], [mail.id, 1]]]);
});

Deno.test("one action is carried out by itself, with nothing said, and the others are not", async () => {
  const { alice, bob } = await world();
  const { opportunity, friend } = await chain(alice);
  const { id } = await alice.creates("/automations", {
    name: "Both",
    trigger_type: "referral_attributed",
    actions: [
      { action_type: "attribute_referral", config: { referrer_contact_id: friend.id, category: "First" } },
      { action_type: "attribute_referral", config: { referrer_contact_id: friend.id, category: "Second" } },
    ],
  });
  const [first, second] = (await alice.gets(`/automations/${id}`)).actions;
  const path = `/automations/${id}/actions/${second.id}/execute`;

  const run = await alice.post(path, {
    trigger_data: { referred_deal_id: opportunity.id, contact: { first_name: "Jane" } },
  });
  const bare = await alice.post(`/automations/${id}/trigger`);
  const both = await alice.post(path, { trigger_data: {}, payload: {} });
  const foreign = await bob.post(path, {});

  assertEquals([run.status, run.data.status, run.data.truncated], [200, "completed", false]);
  assertEquals(run.data.action_results.map((it: Json) => it.action_id), [second.id]);
  assertEquals([bare.status, bare.data.action_results[0].action_id], [200, first.id]);
  assertEquals([both.status, both.error.details.fields[0].path, foreign.status], [400, "payload", 404]);
  const categories = (await alice.gets("/referrals")).map((it: Json) => it.category);
  assertEquals(categories.toSorted(), [null, "Second"].toSorted());
});

Deno.test("conditions ask for one of a deal's tags, for one of several, and for a part of a text", async () => {
  const { alice } = await world();
  const { friend } = await chain(alice);
  const deal = await alice.creates("/opportunities", {
    name: "Shoulder MRI",
    contact_id: friend.id,
    lead_source: "Website",
    tags: ["VIP", { name: "hot-lead", color: "#ef4444" }],
  });
  const { id } = await alice.creates("/automations", { name: "Ask", trigger_type: "referral_attributed" });
  const asked = async (conditions: Json) => {
    await alice.changes(`/automations/${id}`, { conditions });
    return (await alice.post(`/automations/${id}/trigger`, { payload: { referred_deal_id: deal.id } })).data.status;
  };

  assertEquals(await asked({ tags: { contains: "vip" } }), "completed");
  assertEquals(await asked({ tags: { contains: "VI" } }), "skipped");
  assertEquals(await asked({ "deal.tags": { contains_any: ["cold", "hot-lead"] } }), "completed");
  assertEquals(await asked({ tags: { contains_any: ["cold"] } }), "skipped");
  assertEquals(await asked({ "deal.name": { contains_text: "shoulder" } }), "completed");
  assertEquals(await asked({ lead_source: { in: ["Referral", "Website"] } }), "completed");
  assertEquals(await asked({ today: { gte: "2020-01-01" } }), "completed");
});
