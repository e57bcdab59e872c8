import { assertEquals, assertStringIncludes } from "@std/assert";
import { contents } from "../world/contents.ts";
import { outcome, paths } from "../world/outcome.ts";
import { type Json, type Person, world } from "../world/world.ts";

/** The path of a new automation's actions. */
async function actionsOf(person: Person): Promise<string> {
  const { id } = await person.creates("/automations", { name: "On referrals", trigger_type: "referral_attributed" });
  return `/automations/${id}/actions`;
}

const mail = { to: "referrer", subject: "Thank you, {{referrer.first_name}}", body_html: "<p>Thanks</p>" };
const sending = { action_type: "send_email", config: mail };
const receiver = "http://127.0.0.1:9/hooks";

Deno.test("an action is where Location says, reads back the same, and comes last unless it says where", async () => {
  const { alice } = await world();
  const path = await actionsOf(alice);

  const first = await alice.post(path, sending);
  const placed = await alice.creates(path, { ...sending, sequence: 7 });
  const last = await alice.creates(path, { action_type: "call_webhook", config: { url: receiver } });

  const { id } = first.data;
  assertEquals(first.status, 201, first.text);
  assertEquals(first.headers.get("location")?.endsWith(`/functions/v1/api/v1${path}/${id}`), true);
  assertEquals(await alice.gets(`${path}/${id}`), first.data);
  assertEquals([first.data.automation_id, first.data.action_type], [path.split("/")[2], "send_email"]);
  assertEquals(first.data.config, mail);
  assertEquals([first.data.sequence, placed.sequence, last.sequence], [0, 7, 8]);
  assertEquals(
    (await alice.gets(`${path}?order=asc`)).map((action: Json) => action.id).sort(),
    [
      id,
      placed.id,
      last.id,
    ].sort(),
  );
});

Deno.test("create_referral is attribute_referral by another name, and ids in a config are lower case", async () => {
  const { alice } = await world();
  const path = await actionsOf(alice);
  const rita = await alice.creates("/contacts", { first_name: "Rita" });
  const config = { referrer_contact_id: rita.id.toUpperCase(), category: null, status: "{{status}}" };

  const created = await alice.creates(path, { action_type: "create_referral", config });
  const changed = await alice.changes(`${path}/${created.id}`, { action_type: "create_referral", config: {} });

  assertEquals([created.action_type, created.config], [
    "attribute_referral",
    { ...config, referrer_contact_id: rita.id },
  ]);
  assertEquals([changed.action_type, changed.config], ["attribute_referral", {}]);
});

const long = (length: number) => "x".repeat(length);
const url = "http://127.0.0.1:9/";
const wrongConfigs: [type: string, config: Json, paths: string[], code?: string][] = [
  ["attribute_referral", { referrer_contact_id: "rita" }, ["config.referrer_contact_id"]],
  ["attribute_referral", { category: "" }, ["config.category"]],
  ["attribute_referral", { status: "odd" }, ["config.status"]],
  ["attribute_referral", { notes: 1, source: "form" }, ["config.notes", "config.source"]],
  ["send_email", {}, ["config.to", "config.subject", "config.body_html"], "MISSING_FIELDS"],
  ["send_email", { to: "referrer", body_html: "<p>" }, ["config.subject"], "MISSING_FIELDS"],
  ["send_email", { ...mail, to: "somebody" }, ["config.to"]],
  ["send_email", { ...mail, to: ["rita@example.com"] }, ["config.to"]],
  ["send_email", { ...mail, to: null }, ["config.to"]],
  ["send_email", { ...mail, subject: " " }, ["config.subject"]],
  ["send_email", { ...mail, body_html: " \n" }, ["config.body_html"]],
  ["send_email", { ...mail, cc: "bob@example.com" }, ["config.cc"]],
  ["send_email", { ...mail, constructor: 1 }, ["config.constructor"]],
  ["send_email", JSON.parse(`{"__proto__": {}}`), [
    "config.to",
    "config.subject",
    "config.body_html",
    "config.__proto__",
  ]],
  ["call_webhook", {}, ["config.url"], "MISSING_FIELDS"],
  ["call_webhook", { url, method: "GET" }, ["config.method"]],
  ["call_webhook", { url: "127.0.0.1:9/hooks" }, ["config.url"]],
  ["call_webhook", { url: `${url}{{deal.id}}` }, ["config.url"]],
  ["call_webhook", { url: url + long(2_048) }, ["config.url"]],
  ["call_webhook", [url], ["config"]],
  ["call_webhook", url, ["config"]],
  ["call_webhook", null, ["config"]],
];

Deno.test("a config that its action cannot work with is refused by its place, whether added or changed", async () => {
  const { alice } = await world();
  const path = await actionsOf(alice);
  const created: Record<string, Json> = {
    attribute_referral: await alice.creates(path, { action_type: "attribute_referral" }),
    send_email: await alice.creates(path, sending),
    call_webhook: await alice.creates(path, { action_type: "call_webhook", config: { url: receiver } }),
  };
  const before = await contents(alice);

  for (const [action_type, config, places, code = "VALIDATION_ERROR"] of wrongConfigs) {
    for (
      const reply of [
        await alice.post(path, { action_type, config }),
        await alice.patch(`${path}/${created[action_type].id}`, { action_type, config }),
        await alice.patch(`${path}/${created[action_type].id}`, { config }),
      ]
    ) {
      assertEquals([config, outcome(reply), paths(reply)], [config, [400, code], places]);
    }
  }
  assertEquals(await contents(alice), before);
});

Deno.test("a field that a config does not have is named beside those it has", async () => {
  const { alice } = await world();
  const path = await actionsOf(alice);
  const accepted = {
    attribute_referral: "referrer_contact_id, category, status, notes",
    send_email: "to, subject, body_html",
    call_webhook: "url, method",
  };
  for (const [action_type, fields] of Object.entries(accepted)) {
    const { error } = await alice.post(path, { action_type, config: { recipient: "rita@example.com" } });
    assertEquals([action_type, error.hint], [action_type, `Accepted: ${fields}`]);
  }
  assertEquals((await alice.get(path)).data, []);
});

Deno.test("a token names a variable of some trigger, or it is refused by its name with those there are", async () => {
  const { alice } = await world();
  const path = await actionsOf(alice);
  const known = { ...mail, to: "{{referrer_email}}", subject: "{{ stage_id }}{{company.name}} {{}} {{ }" };
  const before = await contents(alice);

  for (const token of ["deal.search_text", "contact", "public_url", "__proto__", "constructor", "Deal.name", ""]) {
    for (const field of ["to", "subject", "body_html"]) {
      const reply = await alice.post(path, { ...sending, config: { ...mail, [field]: `{{deal.id}} {{ ${token} }}` } });
      assertEquals([token, outcome(reply), paths(reply)], [token, [400, "VALIDATION_ERROR"], [`config.${field}`]]);
      assertStringIncludes(reply.error.message, `{{${token}}}`);
      for (const name of ["deal.name", "stage_id", "referral_id", "company.name"]) {
        assertStringIncludes(` ${reply.error.hint},`, ` ${name},`);
      }
    }
  }
  assertEquals(await contents(alice), before);
  const subject = known.subject.replace("{{}} ", "");
  assertEquals((await alice.creates(path, { ...sending, config: { ...known, subject } })).config.subject, subject);
});

Deno.test("a config is replaced as a whole, by its own type's rules, and a new type needs a new config", async () => {
  const { alice } = await world();
  const path = await actionsOf(alice);
  const action = await alice.creates(path, sending);
  const at = `${path}/${action.id}`;

  const moved = await alice.changes(at, { sequence: 3 });
  const other = { ...mail, to: "rita@example.com" };
  const written = await alice.changes(at, { config: other });
  const bare = await alice.patch(at, { action_type: "attribute_referral" });
  const foreign = await alice.patch(at, { config: { category: "MRI" } });
  const turned = await alice.changes(at, { action_type: "attribute_referral", config: { category: "MRI" } });

  assertEquals([moved.sequence, moved.config], [3, mail]);
  assertEquals([written.sequence, written.config], [3, other]);
  assertEquals([outcome(bare), paths(bare)], [[400, "MISSING_FIELDS"], ["config"]]);
  assertEquals(outcome(foreign), [400, "VALIDATION_ERROR"]);
  assertEquals([turned.id, turned.action_type, turned.config], [action.id, "attribute_referral", { category: "MRI" }]);
});

Deno.test("no webhook action leads to where webhooks may not go, and none is stored", async () => {
  const { alice } = await world();
  const path = await actionsOf(alice);
  const action = await alice.creates(path, { action_type: "call_webhook", config: { url: receiver } });
  const before = await contents(alice);

  for (
    const url of ["https://10.0.0.1/", "https://169.254.169.254/latest", "http://example.com/", "https://intranet/"]
  ) {
    for (
      const reply of [
        await alice.post(path, { action_type: "call_webhook", config: { url } }),
        await alice.patch(`${path}/${action.id}`, { config: { url } }),
      ]
    ) {
      assertEquals([url, outcome(reply), paths(reply)], [url, [400, "VALIDATION_ERROR"], ["config.url"]]);
    }
  }
  assertEquals(await contents(alice), before);
});

Deno.test("an action answers only below its own automation, and only to its own workspace", async () => {
  const { alice, bob } = await world();
  const [path, another, bobs] = [await actionsOf(alice), await actionsOf(alice), await actionsOf(bob)];
  const { id } = await alice.creates(path, sending);
  const before = [await contents(alice), await contents(bob)];

  for (const [who, at] of [[alice, another], [bob, bobs], [bob, path]] as const) {
    for (
      const reply of [
        await who.get(`${at}/${id}`),
        await who.patch(`${at}/${id}`, { sequence: 9 }),
        await who.patch(`${at}/${id}`, { config: mail }),
        await who.delete(`${at}/${id}`),
      ]
    ) assertEquals(outcome(reply), [404, "NOT_FOUND"]);
  }
  assertEquals(outcome(await bob.post(path, sending)), [404, "NOT_FOUND"]);
  assertEquals([await contents(alice), await contents(bob)], before);

  const deleted = await alice.delete(`${path}/${id}`);
  assertEquals([deleted.status, deleted.text, outcome(await alice.get(`${path}/${id}`))], [204, "", [
    404,
    "NOT_FOUND",
  ]]);
});

Deno.test("a referrer of another workspace is the same 404 as none, and an automation has at most 20 actions", async () => {
  const { alice, bob } = await world();
  const path = await actionsOf(alice);
  const [rita, theirs] = [
    await alice.creates("/contacts", { first_name: "Rita" }),
    await bob.creates("/contacts", { first_name: "Bert" }),
  ];
  const attributing = (id: string) => ({ action_type: "attribute_referral", config: { referrer_contact_id: id } });
  const action = await alice.creates(path, attributing(rita.id));
  const write = (id: string) =>
    Promise.all([
      alice.post(path, attributing(id)),
      alice.patch(`${path}/${action.id}`, { config: { referrer_contact_id: id } }),
    ]);

  const [hidden, missing] = [await write(theirs.id), await write(crypto.randomUUID())];
  for (const [index, reply] of hidden.entries()) {
    assertEquals([outcome(reply), paths(reply)], [[404, "NOT_FOUND"], ["config.referrer_contact_id"]]);
    assertEquals({ ...reply.error, request_id: "" }, { ...missing[index].error, request_id: "" });
  }
  assertEquals(await alice.gets(`${path}/${action.id}`), action);

  const answers = await Promise.all(Array.from({ length: 24 }, () => alice.post(path, sending)));
  assertEquals(answers.filter(({ status }) => status === 201).length, 19);
  assertEquals(answers.filter(({ status }) => status !== 201).map(outcome), Array(5).fill([409, "CONFLICT"]));
  assertEquals((await alice.get(path)).body.pagination.total, 20);
});
