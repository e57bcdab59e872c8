import { assertEquals } from "@std/assert";
import { automate, runsOf } from "../world/automations.ts";
import { subscribers, told } from "../world/subscribers.ts";
import type { Json } from "../world/world.ts";

/** Two workspaces, each with an endpoint that is told of stages; Alice's has a pipeline, and Fred's knee and hip outside it. */
async function scene() {
  const { alice, bob, crm } = await subscribers("stage_changed");
  const { id: pipeline_id, stages: [enquiry, booked] } = await alice.creates("/pipelines", {
    name: "New patients",
    stages: [{ name: "Enquiry" }, { name: "Booked" }],
  });
  const fred = await alice.creates("/contacts", { first_name: "Fred" });
  const [knee, hip] = await Promise.all(
    ["Knee", "Hip"].map((name) => alice.creates("/opportunities", { name, contact_id: fred.id })),
  );
  const moves = async (opportunity: Json, stage: Json, more: Json = {}) => {
    const moved = await alice.post(`/opportunities/${opportunity.id}/move`, {
      pipeline_id,
      stage_id: stage.id,
      ...more,
    });
    assertEquals(moved.status, 200, moved.text);
  };
  return { alice, bob, crm, pipeline_id, enquiry, booked, fred, knee, hip, moves };
}

const steps = (events: Json[]) =>
  events.map(({ deal_id, from_stage_id, stage_id }) => [deal_id, from_stage_id, stage_id]);

Deno.test("a move tells of the stage entered and the one left, and only where the stage is another", async () => {
  const at = await scene();
  await using _ = at.crm;
  const { alice, pipeline_id, enquiry, booked, fred, knee, moves } = at;

  await moves(knee, enquiry);
  await moves(knee, enquiry);
  await moves(knee, enquiry, { position: 7 });
  await moves(knee, booked, { position: 7 });
  await moves(knee, enquiry);
  await alice.changes(`/opportunities/${knee.id}`, { status: "won" });
  const refused = await alice.post(`/opportunities/${knee.id}/move`, { pipeline_id, stage_id: crypto.randomUUID() });

  const events = await told(at);
  assertEquals(refused.status, 404);
  assertEquals(steps(events), [
    [knee.id, null, enquiry.id],
    [knee.id, enquiry.id, booked.id],
    [knee.id, booked.id, enquiry.id],
  ]);
  assertEquals(events.map((event) => [event.pipeline_id, event.contact_id]), Array(3).fill([pipeline_id, fred.id]));
});

Deno.test("who places and moves around the function is told of by opportunity", async () => {
  const at = await scene();
  await using _ = at.crm;
  const { alice, pipeline_id, enquiry, booked, knee, hip } = at;
  const reader = await alice.holding("opportunities:read");
  const both = `/crm_deal_placements?pipeline_id=eq.${pipeline_id}`;

  await alice.rest(
    "POST",
    "/crm_deal_placements",
    [knee, hip].map(({ id }) => ({
      deal_id: id,
      pipeline_id,
      stage_id: enquiry.id,
    })),
  );
  await reader.rest("PATCH", both, { stage_id: booked.id });
  await alice.rest("PATCH", both, { position: 3 });
  await alice.rest("PATCH", both, { stage_id: enquiry.id });
  await alice.rest("PATCH", `${both}&deal_id=eq.${hip.id}`, { stage_id: booked.id });
  await alice.rest("PATCH", both, { stage_id: booked.id });

  const events = await told(at);
  const of = (opportunity: Json) => steps(events.filter(({ deal_id }) => deal_id === opportunity.id));
  assertEquals(of(knee), [[knee.id, null, enquiry.id], [knee.id, enquiry.id, booked.id]]);
  assertEquals(of(hip), [[hip.id, null, enquiry.id], [hip.id, enquiry.id, booked.id]]);
  assertEquals(events.length, 4);
});

Deno.test("a move that skips automations is told of and runs none, the next one runs them again", async () => {
  const at = await scene();
  await using _ = at.crm;
  const { alice, enquiry, booked, knee, hip, moves } = at;
  const tag = await automate(alice, { trigger_type: "stage_changed", stage_id: booked.id });

  await moves(knee, booked, { skip_automations: true });
  const skipped = await told(at);
  const none = await runsOf(alice, tag);
  await moves(hip, booked, { skip_automations: false });
  await moves(knee, enquiry);
  await moves(knee, booked);

  const [first, ...events] = await told(at);
  const runs = await runsOf(alice, tag);
  assertEquals([steps(skipped), none], [[[knee.id, null, booked.id]], []]);
  assertEquals(skipped, [first]);
  assertEquals(steps(events), [
    [hip.id, null, booked.id],
    [knee.id, booked.id, enquiry.id],
    [knee.id, enquiry.id, booked.id],
  ]);
  assertEquals(runs.map(({ status, event_id }) => [status, event_id]), [
    ["completed", events[0].event_id],
    ["completed", events[2].event_id],
  ]);
});
