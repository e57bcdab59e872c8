import { assertEquals } from "@std/assert";
import { chain, type Json, world } from "../world/world.ts";

Deno.test("alice adds, renames, moves and deletes stages, and the pipeline shows them in their order", async () => {
  const { alice, bob } = await world();
  const { id, stages: [enquiry] } = await alice.creates("/pipelines", {
    name: "Patients",
    stages: [{ name: "Enquiry" }],
  });
  const foreign = await bob.creates("/pipelines", { name: "Foreign", stages: [{ name: "New" }] });
  const at = `/pipelines/${id}/stages`;

  const booked = await alice.creates(at, { name: "Booked" });
  const first = await alice.changes(`${at}/${booked.id}`, { position: 0, name: "Called" });
  await alice.changes(`${at}/${enquiry.id}`, { position: 1 });
  const misplaced = await alice.patch(`${at}/${foreign.stages[0].id}`, { name: "Mine" });
  const elsewhere = await alice.delete(`/pipelines/${foreign.id}/stages/${foreign.stages[0].id}`);
  const strange = await alice.post(`/pipelines/${foreign.id}/stages`, { name: "Mine" });

  assertEquals([booked.position, first], [1, { id: booked.id, name: "Called", position: 0 }]);
  assertEquals((await alice.gets(at)).map((stage: Json) => stage.name), ["Called", "Enquiry"]);
  assertEquals([misplaced, elsewhere, strange].map(({ status }) => status), [404, 404, 404]);
  assertEquals((await bob.gets(`/pipelines/${foreign.id}`)).stages, foreign.stages);
  assertEquals((await alice.delete(`${at}/${booked.id}`)).status, 204);
  const renamed = await alice.changes(`/pipelines/${id}`, { name: "New patients" });
  assertEquals([renamed.name, renamed.stages.map((stage: Json) => stage.name)], ["New patients", ["Enquiry"]]);
  assertEquals((await alice.delete(`/pipelines/${id}`)).status, 204);
  assertEquals((await alice.get(`/pipelines/${id}`)).status, 404);
});

Deno.test("a stage that is added stands behind those that have its position", async () => {
  const { alice } = await world();
  const stages = ["Enquiry", "Booked", "Seen"].map((name) => ({ name, position: 0 }));
  const { id } = await alice.creates("/pipelines", { name: "Patients", stages });

  for (const name of ["Paid", "Again", "Archived"]) {
    await alice.creates(`/pipelines/${id}/stages`, { name, position: 0 });
  }

  const names = (await alice.gets(`/pipelines/${id}/stages`)).map((stage: Json) => stage.name);
  assertEquals(names, ["Enquiry", "Booked", "Seen", "Paid", "Again", "Archived"]);
});

Deno.test("a stage in use is not deleted, nor its pipeline, whatever uses it, by the API and around it", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  const stages = ["Stood in", "Waited for", "Entered", "Free"].map((name) => ({ name }));
  const pipeline = await alice.creates("/pipelines", { name: "Patients", stages });
  const [stoodIn, waitedFor, entered, free] = pipeline.stages;
  const moved = await alice.post(`/opportunities/${opportunity.id}/move`, {
    pipeline_id: pipeline.id,
    stage_id: stoodIn.id,
  });
  await alice.creates("/automations", { name: "Wait", trigger_type: "stage_changed", stage_id: waitedFor.id });
  await alice.changes("/company/crm-settings", { referral_pipeline_id: pipeline.id, referral_stage_id: entered.id });

  const refused = [
    ...await Promise.all(
      [stoodIn, waitedFor, entered].map((stage) => alice.delete(`/pipelines/${pipeline.id}/stages/${stage.id}`)),
    ),
    await alice.delete(`/pipelines/${pipeline.id}`),
  ];
  const around = await alice.rest("DELETE", `/crm_pipeline_stages?id=eq.${stoodIn.id}`);
  const fine = await alice.delete(`/pipelines/${pipeline.id}/stages/${free.id}`);

  assertEquals(refused.map(({ status, error }) => [status, error.code]), Array(4).fill([409, "CONFLICT"]));
  assertEquals([moved.status, around.status, fine.status], [200, 409, 204]);
  const left = (await alice.gets(`/pipelines/${pipeline.id}`)).stages.map((stage: Json) => stage.name);
  assertEquals(left, ["Stood in", "Waited for", "Entered"]);
  assertEquals((await alice.gets(`/opportunities/${opportunity.id}`)).placements.length, 1);
});
