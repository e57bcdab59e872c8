import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { chain, type Json, sql, world } from "../world/world.ts";

const told = {
  referral_attributed: [
    "referral_id",
    "referrer_contact_id",
    "referrer_email",
    "referred_contact_id",
    "referred_deal_id",
    "category",
    "status",
    "source",
    "notes",
    "operation",
    "previous",
    "event_id",
    "occurred_at",
  ],
  stage_changed: ["deal_id", "contact_id", "pipeline_id", "stage_id", "from_stage_id", "event_id", "occurred_at"],
};
const deal = [
  "id",
  "name",
  "status",
  "value",
  "currency",
  "lead_source",
  "tags",
  "contact_id",
  "primary_referrer_contact_id",
  "primary_referrer_category",
];
const person = ["id", "first_name", "last_name", "email", "phone", "job_title"];
const surroundings = [
  ...deal.flatMap((field) => [`deal.${field}`, `opportunity.${field}`]),
  ...person.flatMap((field) => [`contact.${field}`, `referrer.${field}`]),
  "company.name",
  "tags",
  "lead_source",
  "today",
  "now",
];
const enriched = ["deal.*", "contact.*", "referrer.*", "company.name", "today", "now"];

Deno.test("whatever her key may do, alice reads what each trigger tells, and what may be made of it", async () => {
  const { alice } = await world();
  const key = await alice.holding("company:read");

  const list = await key.get("/schemas/triggers");

  assertEquals([list.status, list.data.triggers.map((trigger: Json) => trigger.trigger_type)], [
    200,
    Object.keys(told),
  ]);
  assertEquals([list.data.count, Object.keys(list.data.enriched_variables)], [2, enriched]);
  for (const [type, keys] of Object.entries(told)) {
    const trigger = await key.gets(`/schemas/triggers/${type}`);
    const names: string[] = trigger.variables.map((variable: Json) => variable.name);

    assertEquals(trigger, list.data.triggers.find((listed: Json) => listed.trigger_type === type));
    assertEquals(trigger.available_variables, names.map((name) => `{{${name}}}`));
    assertEquals(trigger.enriched_variables, list.data.enriched_variables);
    assertEquals(Object.keys(trigger.sample_trigger_data), keys);
    assertEquals(names.toSorted(), [...keys, ...surroundings].sort(), type);
    const texts = [
      trigger.label,
      trigger.description,
      ...trigger.variables.map((it: Json) => it.description),
    ];
    assertEquals(texts.filter((text) => !text), []);
  }
});

Deno.test("the samples have the keys that events have", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  const { id, stages: [stage] } = await alice.creates("/pipelines", {
    name: "Patients",
    stages: [{ name: "Enquiry" }],
  });
  await alice.post(`/opportunities/${opportunity.id}/move`, { pipeline_id: id, stage_id: stage.id });

  for (const type of Object.keys(told)) {
    const { sample_trigger_data } = await alice.gets(`/schemas/triggers/${type}`);
    const [event] = await sql`
      select private.event_data(events) as data from private.events
      where company_id = ${alice.companyId} and type = ${type} limit 1`;
    assertEquals(Object.keys(event.data).sort(), Object.keys(sample_trigger_data).sort(), type);
  }
});

Deno.test("a type that there is not is a 404, and a dead key learns nothing of those there are", async () => {
  const { alice } = await world();
  for (const path of ["/schemas/triggers", "/automations/action-types"]) {
    for (const type of ["nothing", "Stage_changed", "__proto__", "constructor", "toString", "%20", "webhook_test"]) {
      const reply = await alice.get(`${path}/${type}`);
      assertEquals([path, type, reply.status, reply.error?.code], [path, type, 404, "NOT_FOUND"]);
    }
    const reply = await alice.get(`${path}?limit=1`);
    assertEquals([reply.status, reply.error.code, reply.error.details.fields[0].path], [
      400,
      "VALIDATION_ERROR",
      "limit",
    ]);
  }
  await sql`update api_keys set revoked_at = now() where id = ${alice.keyId}`;
  for (const path of ["/schemas/triggers", "/schemas/triggers/nothing", "/automations/action-types/send_email"]) {
    const reply = await alice.get(path);
    assertEquals([path, reply.status, reply.error.code], [path, 401, "UNAUTHORIZED"]);
  }
});

Deno.test("each action type says by a JSON Schema what its config must be, and its example is one", async () => {
  const { alice } = await world();
  const ajv = addFormats.default(new Ajv2020({ strict: false }));
  const { data } = await alice.get("/automations/action-types");

  assertEquals(data.map((type: Json) => type.action_type), ["attribute_referral", "send_email", "call_webhook"]);
  for (const type of data) {
    const fits = ajv.compile(type.config_schema);
    assertEquals(type.config_schema.$schema, "https://json-schema.org/draft/2020-12/schema");
    assertEquals([type.action_type, fits(type.example), fits.errors], [type.action_type, true, null]);
    assertEquals([fits({ ...type.example, surprise: 1 }), fits("text")], [false, false]);
    assertEquals(await alice.gets(`/automations/action-types/${type.action_type}`), type);
  }
  const alias = await alice.gets("/automations/action-types/create_referral");
  assertEquals(alias, data[0]);
  const statuses = ajv.compile(alias.config_schema);
  assertEquals(["accepted", "{{status}}", "odd"].map((status) => statuses({ status })), [true, true, false]);
});

Deno.test("every variable that a trigger lists can be asked for by a condition, and be put into a mail", async () => {
  const { alice } = await world();
  const { stages: [stage] } = await alice.creates("/pipelines", { name: "Patients", stages: [{ name: "Enquiry" }] });
  const { triggers } = await alice.gets("/schemas/triggers");
  for (const { trigger_type, variables } of triggers) {
    const names: string[] = variables.map((variable: Json) => variable.name);
    assert(names.length > 30);
    const automation = await alice.creates("/automations", {
      name: trigger_type,
      trigger_type,
      stage_id: trigger_type === "stage_changed" ? stage.id : null,
      conditions: Object.fromEntries(names.map((name) => [name, { exists: true }])),
    });
    await alice.creates(`/automations/${automation.id}/actions`, {
      action_type: "send_email",
      config: { to: "referrer", subject: "All", body_html: names.map((name) => `{{${name}}} {{ ${name} }}`).join("") },
    });
    assertEquals(Object.keys(automation.conditions).sort(), names.sort());
  }
});
