import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Endpoint } from "../../supabase/functions/api/http/endpoint.ts";
import { contents } from "../world/contents.ts";
import { bodyOf, endpoints, pathTo, type Rows, rowsOf, title } from "../world/every_endpoint.ts";
import { outcome, paths } from "../world/outcome.ts";
import { call, type Json, type Person, world } from "../world/world.ts";

const withBody = endpoints.filter(({ contract }) => contract.body);

type Sending = { raw?: BodyInit; headers?: Record<string, string>; query?: string };

/** Sends `body` (text goes as it is) to an endpoint, to the rows of the caller's own. */
async function send(person: Person, endpoint: Endpoint, rows: Rows, body: unknown, sending: Sending = {}) {
  const { query = "", raw = typeof body === "string" ? body : undefined, headers } = sending;
  return await call(endpoint.contract.method.toUpperCase(), pathTo(endpoint, rows) + query, body, {
    token: person.token,
    raw,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
  });
}

/** Has alice send what must be refused to every endpoint with a body, and finds her workspace as it was. */
async function unmoved(attempt: (alice: Person, rows: Rows, endpoint: Endpoint) => Promise<void>) {
  const { alice } = await world();
  const rows = await rowsOf(alice);
  const before = await contents(alice);
  await Promise.all(withBody.map((endpoint) => attempt(alice, rows, endpoint)));
  assertEquals(await contents(alice), before);
}

const noObjects = [
  "",
  " ",
  "not JSON",
  "{",
  `{"a": 1,}`,
  "[]",
  "[{}]",
  `"text"`,
  "null",
  "1",
  "true",
  "NaN",
  "{'a': 1}",
];

Deno.test("a body that is no JSON object is INVALID_BODY on every endpoint, and writes nothing", () =>
  unmoved(async (alice, rows, endpoint) => {
    const { bodyIsOptional } = endpoint.contract;
    for (const text of noObjects.filter((text) => !(bodyIsOptional && text === ""))) {
      assertEquals(
        outcome(await send(alice, endpoint, rows, text)),
        [400, "INVALID_BODY"],
        `${title(endpoint)} ${text}`,
      );
    }
    const absent = bodyIsOptional ? null : await send(alice, endpoint, rows, undefined);
    const notUtf8 = await send(alice, endpoint, rows, {}, {
      raw: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d),
    });
    for (const reply of [absent, notUtf8]) {
      if (reply) assertEquals(outcome(reply), [400, "INVALID_BODY"], title(endpoint));
    }
  }));

Deno.test("an empty object lacks what is required, and changes nothing where nothing is", () =>
  unmoved(async (alice, rows, endpoint) => {
    const { body, method } = endpoint.contract;
    const required = Object.entries(body!.shape).filter(([, field]) => !field.safeParse(undefined).success)
      .map(([name]) => name);
    // In one place or the other.
    if (endpoint.contract.path === "/automations" && method === "post") required.push("trigger_type");
    if (method === "post" && required.length === 0) return;

    const reply = await send(alice, endpoint, rows, {});

    const code = method === "patch" ? "VALIDATION_ERROR" : "MISSING_FIELDS";
    assertEquals(outcome(reply), [400, code], title(endpoint));
    assertEquals(paths(reply).sort(), method === "patch" ? [""] : required.sort(), title(endpoint));
  }));

Deno.test("a field that is unknown or not writable is named, and the hint lists what is accepted", () =>
  unmoved(async (alice, rows, endpoint) => {
    const { body, answer } = endpoint.contract;
    const accepted = Object.keys(body!.shape);
    const readOnly = Object.keys(answer?.shape ?? {}).filter((name) => !accepted.includes(name));
    for (const name of ["surprise", "__proto__", "constructor", "toString", "company_id", "id", ...readOnly]) {
      if (accepted.includes(name)) continue;
      const fine = JSON.stringify(bodyOf(endpoint, rows));
      const reply = await send(alice, endpoint, rows, `${fine.slice(0, -1)}, ${JSON.stringify(name)}: "x"}`);
      assertEquals(outcome(reply), [400, "VALIDATION_ERROR"], `${title(endpoint)} ${name}`);
      assertEquals(paths(reply), [name], title(endpoint));
      for (const field of accepted) assertStringIncludes(reply.error.hint, field);
      assertEquals(reply.error.message.includes("read-only"), readOnly.includes(name), `${title(endpoint)} ${name}`);
    }
  }));

/** Fields that hold an object, which may be empty. */
const objects = ["conditions", "config", "trigger_data"];
const anything = ["metadata"];
const wrong: Json[] = [{}, [[]], { toString: 1 }, "\u0000", "a\u0000b", "a\ud800b", "\udc00", "x".repeat(200_000)];

Deno.test("every field refuses wrong types, what cannot be stored and 200 kB, by its name", () =>
  unmoved(async (alice, rows, endpoint) => {
    for (const field of Object.keys(endpoint.contract.body!.shape)) {
      const values = anything.includes(field)
        ? wrong.filter((value) => Array.isArray(value) || typeof value === "string")
        : objects.includes(field)
        ? wrong.slice(1)
        : wrong;
      for (const value of values) {
        const what = `${title(endpoint)} ${field} ${JSON.stringify(value).slice(0, 20)}`;
        const reply = await send(alice, endpoint, rows, { ...bodyOf(endpoint, rows), [field]: value });
        assertEquals(outcome(reply), [400, "VALIDATION_ERROR"], what);
        assertEquals([...new Set(paths(reply).map((path) => path.split(".")[0]))], [field], what);
      }
    }
  }));

Deno.test("what cannot be stored is refused inside lists, objects and URLs too, by its place", async () => {
  const { alice } = await world();
  const rows = await rowsOf(alice);
  const automation = rows.paths["/automations"];
  const action = `/automations/${automation}/actions/${rows.paths["/automations/:id/actions"]}`;
  const before = await contents(alice);
  for (const bad of ["a\u0000b", "a\ud800b"]) {
    const replies = await Promise.all([
      alice.post("/pipelines", { name: "Pipeline", stages: [{ name: "Fine" }, { name: bad }] }),
      alice.patch("/company/crm-settings", { referral_categories: ["Fine", bad] }),
      alice.patch("/company", { logo_url: `https://example.com/${bad}` }),
      alice.post("/webhooks/subscriptions", { url: `https://example.com/${bad}`, events: ["stage_changed"] }),
      alice.patch(`/automations/${automation}`, { conditions: { "deal.name": { in: ["Fine", bad] } } }),
      alice.patch(action, { action_type: "attribute_referral", config: { notes: bad } }),
      alice.post(`/automations/${automation}/trigger`, { trigger_data: { previous: { notes: bad } } }),
    ]);
    assertEquals(replies.map(outcome), Array(7).fill([400, "VALIDATION_ERROR"]), JSON.stringify(bad));
    assertEquals(replies.map(paths), [
      ["stages.1.name"],
      ["referral_categories.1"],
      ["logo_url"],
      ["url"],
      ["conditions.deal.name.in.1"],
      ["config.notes"],
      ["trigger_data.previous.notes"],
    ]);
  }
  assertEquals(await contents(alice), before);
});

Deno.test("all problems of a request are in one answer: of its path, query and body", async () => {
  const { alice } = await world();
  const reply = await alice.patch("/referrals/x?verbose=1", { status: "odd", notes: 1, surprise: true });

  assertEquals(outcome(reply), [400, "VALIDATION_ERROR"]);
  assertEquals(paths(reply).sort(), ["id", "notes", "status", "surprise", "verbose"]);
});

Deno.test("of a key given twice the last one wins", async () => {
  const { alice } = await world();
  const json = { "content-type": "application/json" };
  const raw = `{"first_name": "First", "first_name": "Last"}`;

  assertEquals((await alice.post("/contacts", undefined, { raw, headers: json })).data.first_name, "Last");
});
