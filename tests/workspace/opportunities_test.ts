import { assertEquals } from "@std/assert";
import { chain, type Person, world } from "../world/world.ts";

const pipeline = (person: Person, name = "New patients") =>
  person.creates("/pipelines", { name, stages: [{ name: "Enquiry" }, { name: "Booked" }] });

Deno.test("alice adds an opportunity and reads it back the same under /opportunities and /deals", async () => {
  const { alice } = await world();
  const friend = await alice.creates("/contacts", { first_name: "Fred" });

  const created = await alice.creates("/deals", {
    name: "  Fred's knee ",
    contact_id: friend.id,
    value: 120.5,
    currency: "AUD",
    lead_source: "Referral",
  });

  assertEquals([created.name, created.status, created.value, created.currency], ["Fred's knee", "open", 120.5, "AUD"]);
  assertEquals([created.primary_referrer_contact_id, created.primary_referrer_category, created.placements], [
    null,
    null,
    [],
  ]);
  assertEquals(await alice.gets(`/opportunities/${created.id}`), created);
  assertEquals(await alice.gets(`/deals/${created.id}`), created);
  const { contact } = await alice.gets(`/deals/${created.id}?expand=contact&fields=id`);
  assertEquals([contact.id, contact.first_name], [friend.id, "Fred"]);
});

Deno.test("moving an opportunity places it once per pipeline, at the end of the stage unless told where", async () => {
  const { alice } = await world();
  const [sales, support] = [await pipeline(alice), await pipeline(alice, "Support")];
  const [first, second] = [
    await alice.creates("/opportunities", { name: "A" }),
    await alice.creates("/opportunities", { name: "B" }),
  ];
  const enquiry = { pipeline_id: sales.id, stage_id: sales.stages[0].id };

  await alice.post(`/opportunities/${first.id}/move`, enquiry);
  const placed = await alice.post(`/deals/${second.id}/move`, enquiry);
  const moved = await alice.post(`/opportunities/${second.id}/move`, {
    pipeline_id: sales.id,
    stage_id: sales.stages[1].id,
    position: 7,
    skip_automations: true,
  });
  await alice.post(`/opportunities/${second.id}/move`, { pipeline_id: support.id, stage_id: support.stages[0].id });

  const inSales = { deal_id: second.id, pipeline_id: sales.id };
  assertEquals([placed.status, placed.data], [200, {
    id: placed.data.id,
    ...inSales,
    stage_id: sales.stages[0].id,
    position: 1,
  }]);
  assertEquals(moved.data, { id: placed.data.id, ...inSales, stage_id: sales.stages[1].id, position: 7 });
  const [placement] = (await alice.gets(`/opportunities/${second.id}`)).placements;
  const [stage, named] = [{ id: sales.stages[1].id, name: "Booked" }, { id: sales.id, name: "New patients" }];
  assertEquals(placement, {
    id: placed.data.id,
    pipeline_id: sales.id,
    stage_id: stage.id,
    position: 7,
    pipeline: named,
    stage,
    crm_pipelines: named,
    crm_pipeline_stages: { ...stage, color: null },
  });
  const { placements } = await alice.gets(`/opportunities/${second.id}`);
  assertEquals(placements.map((at: typeof placement) => at.pipeline.name), ["New patients", "Support"]);
  const listed = async (filter: string) =>
    (await alice.gets(`/opportunities?${filter}`)).map((row: { name: string }) => row.name);
  assertEquals(await listed(`stage_id=${sales.stages[0].id}`), ["A"]);
  assertEquals(await listed(`pipeline_id=${sales.id}&order=asc`), ["A", "B"]);
  assertEquals(await listed(`pipeline_id=${support.id}&stage_id=${support.stages[1].id}`), []);
});

Deno.test("an opportunity moves only to a stage of that pipeline, and else stays", async () => {
  const { alice } = await world();
  const [sales, support] = [await pipeline(alice), await pipeline(alice, "Support")];
  const opportunity = await alice.creates("/opportunities", { name: "A" });
  const at = (pipeline_id: string, stage_id: string) =>
    alice.post(`/opportunities/${opportunity.id}/move`, { pipeline_id, stage_id });

  const refused = [
    await at(sales.id, support.stages[0].id),
    await at(crypto.randomUUID(), sales.stages[0].id),
  ];

  assertEquals(refused.map((reply) => [reply.status, reply.error.code]), refused.map(() => [404, "NOT_FOUND"]));
  assertEquals((await alice.gets(`/opportunities/${opportunity.id}`)).placements, []);
});

Deno.test("the attribution of an opportunity is read-only, and its placements survive a change", async () => {
  const { alice } = await world();
  const { opportunity, referrer, friend } = await chain(alice);
  const sales = await pipeline(alice);
  await alice.post(`/opportunities/${opportunity.id}/move`, { pipeline_id: sales.id, stage_id: sales.stages[0].id });

  const refused = await alice.patch(`/opportunities/${opportunity.id}`, {
    primary_referrer_contact_id: friend.id,
    status: "won",
  });
  const won = await alice.changes(`/opportunities/${opportunity.id}`, { status: "won", value: null });

  assertEquals([refused.status, refused.error.code], [400, "VALIDATION_ERROR"]);
  assertEquals(refused.error.details.fields, [{ path: "primary_referrer_contact_id", message: "is read-only here" }]);
  assertEquals([won.status, won.primary_referrer_contact_id, won.placements.length], ["won", referrer.id, 1]);
  assertEquals(won, await alice.gets(`/opportunities/${opportunity.id}`));
});

Deno.test("a pipeline is made with its stages, in their order, or not at all", async () => {
  const { alice, bob } = await world();

  const made = await alice.post("/pipelines", {
    name: "Sales",
    stages: [{ name: "Last", position: 9 }, { name: "First", position: 0 }],
  });
  const refused = await alice.post("/pipelines", { name: "Broken", stages: [{ name: "Fine" }, { name: "" }] });

  assertEquals([made.status, Object.keys(made.data)], [201, ["id", "name", "stages"]]);
  assertEquals(made.data.stages.map((stage: { name: string }) => stage.name), ["First", "Last"]);
  assertEquals(await alice.gets(made.headers.get("location")!.split("/api/v1")[1]), made.data);
  assertEquals([refused.status, refused.error.details.fields[0].path], [400, "stages.1.name"]);
  assertEquals(await alice.gets("/pipelines"), [made.data]);
  assertEquals(await bob.gets("/pipelines"), []);
});
