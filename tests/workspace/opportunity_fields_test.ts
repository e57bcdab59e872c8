import { assertEquals } from "@std/assert";
import { chain, eventually, type Json, sql, world } from "../world/world.ts";

Deno.test("an opportunity carries tags, notes and what the caller keeps with it, as they were given", async () => {
  const { alice } = await world();
  const tags = ["VIP", { name: "hot-lead", color: "#ef4444" }];
  const metadata = { crm: { id: 7, owners: ["Ada"] } };

  const made = await alice.creates("/opportunities", { name: "Knee", tags, notes: "Left one", metadata });
  const bare = await alice.creates("/opportunities", { name: "Hip" });
  const changed = await alice.changes(`/opportunities/${made.id}`, { tags: [], metadata: { crm: null } });

  assertEquals([made.tags, made.notes, made.metadata], [tags, "Left one", metadata]);
  assertEquals([bare.tags, bare.notes, bare.metadata], [[], null, {}]);
  assertEquals([changed.tags, changed.notes, changed.metadata], [[], "Left one", { crm: null }]);
  assertEquals(await alice.gets(`/opportunities/${made.id}`), changed);
});

Deno.test("tags and metadata that are none are refused, by the API and around it, and nothing changes", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  const bodies = [
    { tags: [""] },
    { tags: [{ color: "#fff" }] },
    { tags: [{ name: "a", size: 1 }] },
    { tags: ["x".repeat(81)] },
    { tags: Array(51).fill("a") },
    { tags: { name: "a" } },
    { metadata: [] },
    { metadata: { text: "x".repeat(16_384) } },
  ];
  for (const body of bodies) {
    const refused = await alice.patch(`/opportunities/${opportunity.id}`, body);
    const around = await alice.rest("PATCH", `/crm_deals?id=eq.${opportunity.id}`, body);
    assertEquals([refused.status, refused.error.code], [400, "VALIDATION_ERROR"], JSON.stringify(body).slice(0, 60));
    assertEquals(around.status, 400, JSON.stringify(body).slice(0, 60));
  }
  const nul = await alice.patch(`/opportunities/${opportunity.id}`, { metadata: { deep: [{ text: "a\u0000" }] } });
  assertEquals([nul.status, nul.error.details.fields[0].path], [400, "metadata"]);
  assertEquals(await alice.gets(`/opportunities/${opportunity.id}`), await alice.gets(`/deals/${opportunity.id}`));
});

Deno.test("a deleted opportunity leaves its referrals, and one that would make two of them the same stays", async () => {
  const { alice, bob } = await world();
  const { opportunity, referral, referrer, friend } = await chain(alice);
  const other = await alice.creates("/opportunities", { name: "Fred's hip" });
  await alice.creates("/referrals", { referrer_contact_id: referrer.id, referred_deal_id: other.id });
  const twin = await alice.creates("/referrals", { referrer_contact_id: referrer.id, referred_contact_id: friend.id });
  const writer = await alice.holding("opportunities:write");

  const unscoped = await writer.delete(`/opportunities/${opportunity.id}`);
  const foreign = await bob.delete(`/opportunities/${opportunity.id}`);
  const refused = await alice.delete(`/opportunities/${opportunity.id}`);
  const stayed = await alice.gets(`/referrals/${referral.id}`);
  await alice.delete(`/referrals/${twin.id}`);
  const gone = [await alice.delete(`/opportunities/${opportunity.id}`), await alice.delete(`/deals/${other.id}`)];

  assertEquals([unscoped, foreign, refused].map(({ status }) => status), [403, 404, 409]);
  assertEquals(unscoped.error.details, { required_scopes: ["opportunities:delete"] });
  assertEquals([stayed.referred_deal_id, ...gone.map(({ status }) => status)], [opportunity.id, 204, 204]);
  assertEquals((await alice.get(`/opportunities/${opportunity.id}`)).status, 404);
  assertEquals((await alice.gets("/referrals")).map((it: Json) => it.referred_deal_id), [null, null]);
});

Deno.test("a contact's opportunities are listed, another workspace's contact is a 404, and search finds by name", async () => {
  const { alice, bob } = await world();
  const { friend, referrer, opportunity } = await chain(alice);
  await alice.creates("/opportunities", { name: "Somebody's knee" });

  const theirs = await alice.gets(`/contacts/${friend.id}/deals`);
  const found = await alice.post("/opportunities/search", { query: "fred", limit: 10 });
  const narrow = await alice.holding("opportunities:read");

  assertEquals(theirs, [await alice.gets(`/opportunities/${opportunity.id}`)]);
  assertEquals(await alice.gets(`/contacts/${referrer.id}/deals`), []);
  assertEquals((await narrow.gets(`/contacts/${friend.id}/deals`)).length, 1);
  assertEquals((await bob.get(`/contacts/${friend.id}/deals`)).status, 404);
  assertEquals((await (await alice.holding("contacts:write")).get(`/contacts/${friend.id}/deals`)).status, 403);
  assertEquals([found.status, found.data], [200, theirs]);
});

Deno.test("a card in a further pipeline leaves the first where it is", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  const pipelines = await Promise.all(
    ["Patients", "Partners"].map((name) => alice.creates("/pipelines", { name, stages: [{ name: "New" }] })),
  );
  const [first, second] = pipelines.map(({ id, stages }) => ({ pipeline_id: id, stage_id: stages[0].id }));

  await alice.post(`/opportunities/${opportunity.id}/move`, first);
  const added = await alice.post(`/opportunities/${opportunity.id}/add-card`, second);

  assertEquals([added.status, added.data.deal_id, added.data.position], [200, opportunity.id, 0]);
  const { placements } = await alice.gets(`/opportunities/${opportunity.id}`);
  assertEquals(placements.map((at: Json) => at.crm_pipelines.name), ["Patients", "Partners"]);
});

Deno.test("a move leaves out the actions that it names, and no others", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  const { id, stages: [stage] } = await alice.creates("/pipelines", { name: "Patients", stages: [{ name: "New" }] });
  const automation = await alice.creates("/automations", {
    name: "Attribute",
    trigger_type: "stage_changed",
    stage_id: stage.id,
    enabled: true,
  });
  const [left, done] = [
    await alice.creates(`/automations/${automation.id}/actions`, {
      action_type: "attribute_referral",
      config: { notes: "one" },
    }),
    await alice.creates(`/automations/${automation.id}/actions`, {
      action_type: "attribute_referral",
      config: { notes: "two" },
    }),
  ];

  await alice.post(`/opportunities/${opportunity.id}/move`, {
    pipeline_id: id,
    stage_id: stage.id,
    skip_action_ids: [left.id, crypto.randomUUID()],
  });
  const run = await eventually(async () =>
    (await alice.gets(`/automations/${automation.id}/runs`)).find((it: Json) => it.status !== "running")
  );

  assertEquals(run.action_results.map((it: Json) => it.action_id), [done.id]);
  const told =
    await sql`select data from private.events where company_id = ${alice.companyId} and type = 'stage_changed'`;
  assertEquals(told.map(({ data }) => "skip_action_ids" in data), [false]);
});

Deno.test("a referral names its opportunity by either name, not by two that differ", async () => {
  const { alice, bob } = await world();
  const { referrer, opportunity } = await chain(alice);
  const foreign = await chain(bob);

  const made = await alice.creates("/referrals", { referrer_contact_id: referrer.id, deal_id: opportunity.id });
  const both = await alice.post("/referrals", {
    referrer_contact_id: referrer.id,
    deal_id: opportunity.id,
    referred_deal_id: null,
  });
  const theirs = await alice.post("/referrals", { referrer_contact_id: referrer.id, deal_id: foreign.opportunity.id });

  assertEquals([made.referred_deal_id, "deal_id" in made], [opportunity.id, false]);
  assertEquals([both.status, both.error.details.fields[0].path], [400, "deal_id"]);
  assertEquals([theirs.status, theirs.error.code], [404, "NOT_FOUND"]);
  assertEquals((await alice.gets("/referrals")).length, 2);
});
