import { assertEquals } from "@std/assert";
import { triggers } from "../../supabase/functions/api/events/event_types.ts";
import { ask } from "../world/ask.ts";
import { automate, runsOf } from "../world/automations.ts";
import { subscribe } from "../world/listener.ts";
import { subscribers, told } from "../world/subscribers.ts";
import { call, type Json, sql } from "../world/world.ts";

/** Two workspaces, each with an endpoint that is told of referrals; Alice's has two referrers, a friend and an opportunity. */
async function scene() {
  const { alice, bob, crm } = await subscribers("referral_attributed");
  const contact = (first_name: string) =>
    alice.creates("/contacts", { first_name, email: `${first_name}-${crypto.randomUUID()}@example.com`.toLowerCase() });
  const [rita, sam, fred] = await Promise.all([contact("Rita"), contact("Sam"), contact("Fred")]);
  const knee = await alice.creates("/opportunities", { name: "Fred's knee", contact_id: fred.id });
  return { alice, bob, crm, rita, sam, fred, knee };
}

const gist = ({ operation, previous, status, source }: Json) => [operation, previous, status, source];

Deno.test("a referral that is logged, changed, converted and deleted by the API is told of once a write", async () => {
  const at = await scene();
  await using _ = at.crm;
  const { alice, rita, fred, knee } = at;

  const referral = await alice.creates("/referrals", {
    referrer_contact_id: rita.id,
    referred_contact_id: fred.id,
    referred_deal_id: knee.id,
    source: "api",
    category: "MRI",
  });
  const path = `/referrals/${referral.id}`;
  await alice.changes(path, { status: "accepted", notes: "Called" });
  await alice.changes(path, { status: "accepted" });
  await alice.post(`${path}/convert`);
  await alice.post(`${path}/convert`);
  await alice.post("/referrals", referral);
  await alice.patch(path, { referred_contact_id: rita.id });
  await alice.delete(path);
  await alice.delete(path);

  const events = await told(at);
  const first = {
    referral_id: referral.id,
    referrer_contact_id: rita.id,
    referrer_email: rita.email,
    referred_contact_id: fred.id,
    referred_deal_id: knee.id,
    category: "MRI",
    status: "pending",
    source: "api",
    notes: null,
  };
  const { event_id: _id, occurred_at, ...data } = events[0];
  assertEquals(data, { ...first, operation: "INSERT", previous: {} });
  assertEquals(occurred_at, referral.created_at);
  assertEquals(events.slice(1).map(gist), [
    ["UPDATE", { status: "pending", notes: null }, "accepted", "api"],
    ["UPDATE", {}, "accepted", "api"],
    ["UPDATE", { status: "accepted" }, "converted", "api"],
    ["DELETE", { ...first, status: "converted", notes: "Called" }, "converted", "api"],
  ]);
});

Deno.test("attributing by hand is told of once where it writes", async () => {
  const at = await scene();
  await using _ = at.crm;
  const { alice, rita, sam, knee } = at;

  for (const [who, more] of [[rita, {}], [rita, {}], [sam, {}], [sam, { category: "MRI" }], [null, {}], [null, {}]]) {
    const attribution = { opportunity_id: knee.id, referrer_contact_id: who && who.id, ...more };
    assertEquals((await alice.post("/referrals/attribute", attribution)).status, 200);
  }

  assertEquals((await told(at)).map(gist), [
    ["INSERT", {}, "pending", "manual"],
    ["UPDATE", { referrer_contact_id: rita.id, referrer_email: rita.email }, "pending", "manual"],
    ["UPDATE", { category: null }, "pending", "manual"],
    ["UPDATE", { status: "pending" }, "declined", "manual"],
  ]);
});

Deno.test("the form and an automation are told of by their source", async () => {
  const at = await scene();
  await using _ = at.crm;
  const { alice } = at;
  const { rita, token } = await ask(alice);
  const tag = await automate(alice, { trigger_type: "referral_attributed", conditions: { source: { eq: "form" } } }, {
    action_type: "attribute_referral",
    config: { referrer_contact_id: "{{contact.id}}", notes: "Again" },
  });

  const friend = { first_name: "Noah", email: "noah@example.com", category: "MRI", message: "Hi", consent: true };
  await call("POST", `/public/referral-requests/${token}/submit`, friend);
  await call("POST", `/public/referral-requests/${token}/submit`, friend);

  const [submitted, written, ...more] = await told(at);
  assertEquals([gist(submitted), gist(written), more], [
    ["INSERT", {}, "pending", "form"],
    ["INSERT", {}, "pending", "automation"],
    [],
  ]);
  assertEquals([submitted.referrer_email, submitted.category, submitted.notes], [rita.email, "MRI", "Hi"]);
  assertEquals([written.referred_deal_id, written.notes], [submitted.referred_deal_id, "Again"]);
  const runs = await runsOf(alice, tag);
  assertEquals(runs.map(({ status, event_id }) => [status, event_id]), [
    ["completed", submitted.event_id],
    ["skipped", written.event_id],
  ]);
});

Deno.test("who writes around the function is told of by row, and who may not is not", async () => {
  const at = await scene();
  await using _ = at.crm;
  const { alice, rita, sam, knee } = at;
  const reader = await alice.holding("referrals:read");

  await alice.rest(
    "POST",
    "/referrals",
    [rita, sam].map(({ id }) => ({
      referrer_contact_id: id,
      referred_deal_id: knee.id,
    })),
  );
  await alice.rest("PATCH", `/referrals?referred_deal_id=eq.${knee.id}`, { category: "MRI" });
  await alice.rest("PATCH", `/referrals?referred_deal_id=eq.${crypto.randomUUID()}`, { category: "MRI" });
  await reader.rest("POST", "/referrals", { referrer_contact_id: rita.id });
  await reader.rest("PATCH", `/referrals?referred_deal_id=eq.${knee.id}`, { category: "Mine" });
  await alice.rest("DELETE", `/referrals?referrer_contact_id=eq.${sam.id}`);

  const events = await told(at);
  const of = (person: Json) => events.filter(({ referrer_contact_id }) => referrer_contact_id === person.id);
  const write = ({ operation, previous, source }: Json) => [operation, previous.category ?? null, source];
  const both = [["INSERT", null, "manual"], ["UPDATE", null, "manual"]];
  assertEquals(of(rita).map(write), both);
  assertEquals(of(sam).map(write), [...both, ["DELETE", "MRI", "manual"]]);
  assertEquals(events.length, 5);
});

Deno.test("SQL is told of too: an upsert, a merge, and what a deleted contact takes along", async () => {
  const at = await scene();
  await using _ = at.crm;
  const { alice, rita, sam, fred } = at;
  const [one, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const company_id = alice.companyId;
  const rows = (...ids: string[]) =>
    ids.map((id) => ({ id, company_id, referrer_contact_id: rita.id, category: "MRI" }));

  await sql`insert into referrals ${sql(rows(one))}`;
  await sql`insert into referrals ${sql(rows(one, other))} on conflict (id) do update set notes = 'Upserted'`;
  await sql`
    merge into referrals using (values (${one}::uuid), (${crypto.randomUUID()})) as given (id) on given.id = referrals.id
    when matched then update set referred_contact_id = ${fred.id}
    when not matched then insert (company_id, referrer_contact_id, notes) values (${company_id}, ${sam.id}, 'Merged')
  `;
  await sql`delete from crm_contacts where id = ${fred.id}`;
  await sql`delete from crm_contacts where id = ${rita.id}`;

  const events = await told(at);
  const of = (id: string) => events.filter(({ referral_id }) => referral_id === id);
  // Of two statements within a millisecond nobody can say which came first.
  const writes = (id: string) =>
    of(id).map(({ operation, previous }) => `${operation} ${operation === "UPDATE" ? JSON.stringify(previous) : ""}`)
      .sort();
  assertEquals(writes(one), [
    "DELETE ",
    "INSERT ",
    `UPDATE {"notes":null}`,
    `UPDATE {"referred_contact_id":"${fred.id}"}`,
    `UPDATE {"referred_contact_id":null}`,
  ]);
  assertEquals(writes(other), ["DELETE ", "INSERT "]);
  assertEquals(events.filter(({ notes }) => notes === "Merged").map(gist), [["INSERT", {}, "pending", "manual"]]);
  assertEquals(events.length, 8);
});

Deno.test("subscribers and runs are given exactly the data that the trigger's schema names", async () => {
  const at = await scene();
  await using _ = at.crm;
  const { alice, crm, rita, knee } = at;
  await subscribe(alice, `${crm.url}/stages`, ["stage_changed"]);
  const { id: pipeline_id, stages: [{ id: stage_id }] } = await alice.creates("/pipelines", {
    name: "New patients",
    stages: [{ name: "Booked" }],
  });
  const automations = {
    referral_attributed: await automate(alice, { trigger_type: "referral_attributed" }),
    stage_changed: await automate(alice, { trigger_type: "stage_changed", stage_id }),
  };

  await alice.creates("/referrals", { referrer_contact_id: rita.id });
  await alice.post(`/opportunities/${knee.id}/move`, { pipeline_id, stage_id });

  await told(at);
  const received = { referral_attributed: crm.to("/alice"), stage_changed: crm.to("/stages") };
  for (const type of ["referral_attributed", "stage_changed"] as const) {
    const [{ body, headers }, ...more] = received[type];
    const [run, ...others] = await runsOf(alice, automations[type]);
    assertEquals([Object.keys(body), body.type, more, others], [["type", "timestamp", "data"], type, [], []]);
    assertEquals(Object.keys(body.data).sort(), Object.keys(triggers[type].data.shape).sort());
    assertEquals(run.trigger_data, body.data);
    assertEquals([body.timestamp, headers["webhook-id"]], [body.data.occurred_at, body.data.event_id]);
    triggers[type].data.strict().parse(body.data);
  }
});
