import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { endpoints } from "../../supabase/functions/api/app.ts";
import { endpoints as keyed, pathTo, rowsOf } from "../world/every_endpoint.ts";
import { call, type Json, type Reply, stack, world } from "../world/world.ts";

const document: Json = (await call("GET", "/openapi.json")).body;
const operations = endpoints.map(({ access, contract }) => {
  const path = contract.path.replace(/:(\w+)/g, "{$1}");
  return { access, contract, path, operation: document.paths[path]?.[contract.method] };
});

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, "openapi");

Deno.test("a stranger reads the document, which is valid OpenAPI 3.1 and says where the API is", async () => {
  const reply = await call("GET", "/openapi.json");
  const health = await call("GET", "/health");
  const { valid, errors } = await new Validator().validate(structuredClone(reply.body));

  assertEquals([reply.status, valid, errors], [200, true, undefined]);
  assertMatch(reply.body.openapi, /^3\.1\./);
  assertEquals(reply.body.servers, [{ url: stack.apiUrl }]);
  assertEquals([health.status, health.body], [200, { status: "ok" }]);
});

Deno.test("the document has every endpoint with its scope, its input and its answers, and no other", () => {
  const documented = Object.entries<Json>(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`)
  );
  assertEquals(documented.sort(), operations.map(({ contract, path }) => `${contract.method} ${path}`).sort());

  for (const { access, contract, operation } of operations) {
    const { scope, params, query, body, status = 200 } = contract;
    const named = (place: string) =>
      (operation.parameters ?? []).filter((it: Json) => it.in === place).map((it: Json) => it.name);
    const sent = operation.requestBody?.content["application/json"].schema.properties ?? {};
    const refused = [
      400,
      ...(access === "keyed" ? [401] : []),
      500,
      503,
      ...(scope ? [403] : []),
      ...(params ? [404] : []),
      ...(body ? [413, 415] : []),
    ];

    assertEquals(operation.security, access === "keyed" ? [{ apiKey: scope ? [scope] : [] }] : []);
    assertEquals(named("path"), Object.keys(params?.shape ?? {}));
    assertEquals(named("query"), Object.keys(query?.shape ?? {}));
    assertEquals(Object.keys(sent).sort(), Object.keys(body?.shape ?? {}).sort());
    for (const expected of [status, ...refused]) assert(operation.responses[expected], `${contract.path}: ${expected}`);
    for (const [code, { content }] of Object.entries<Json>(operation.responses)) {
      assertEquals(content?.["application/json"].schema !== undefined, code !== "204", `${contract.path}: ${code}`);
    }
  }
});

Deno.test("every example keeps its own schema", () => {
  const examined = operations.flatMap(({ contract, path, operation }) => {
    const media = { requestBody: operation.requestBody, ...operation.responses };
    return Object.entries<Json>(media).flatMap(([name, it]) => {
      const example = it?.content?.["application/json"].example;
      const place = ["paths", path, contract.method, ...(name === "requestBody" ? [name] : ["responses", name])];
      return example === undefined ? [] : [problems(place, example)];
    });
  });

  assert(examined.length >= operations.length, "some operations show no example");
  assertEquals(examined.flat(), []);
});

const expansions: Record<string, string> = {
  "/referrals": "?expand=referrer,referred_contact,opportunity",
  "/opportunities": "?expand=referrer,contact",
};

Deno.test("what alice is answered is what the document says, refusals too", async () => {
  const { alice } = await world();
  const rows = await rowsOf(alice);
  const run = await alice.post(`/automations/${rows.paths["/automations"]}/trigger`, {
    trigger_data: { deal_id: rows.fields.deal_id },
  });
  assertEquals([run.data.status, run.data.actions_executed], ["completed", 1]);
  // A test event goes to an enabled one only, and is sent behind the tests.
  const { id } = await alice.creates("/webhooks/subscriptions", {
    url: "http://127.0.0.1:9/tested",
    events: ["stage_changed"],
  });
  const replies: [method: string, path: string, reply: Reply][] = [
    ["post", "/automations/{id}/trigger", run],
    ["post", "/webhooks/subscriptions/{id}/test", await alice.post(`/webhooks/subscriptions/${id}/test`)],
    [
      "post",
      "/webhooks/subscriptions/{id}/rotate-secret",
      await alice.post(`/webhooks/subscriptions/${id}/rotate-secret`),
    ],
  ];
  for (const endpoint of keyed.filter(({ contract }) => contract.method === "get")) {
    const { path } = endpoint.contract;
    const reply = await alice.get(pathTo(endpoint, rows) + (expansions[path] ?? ""));
    replies.push(["get", path.replace(/:(\w+)/g, "{$1}"), reply]);
  }
  assertEquals(replies.filter(([, , { status }]) => status !== 200).map(([, path]) => path), []);
  assertEquals(
    replies.filter(([, , { data }]) => Array.isArray(data) && data.length === 0).map(([, path]) => path),
    [],
  );

  const refusals: [path: string, reply: Reply][] = [
    ["/referrals", await alice.get("/referrals?colour=red")],
    ["/referrals", await call("GET", "/referrals")],
    ["/referrals", await (await alice.holding("company:read")).get("/referrals")],
    ["/referrals/{id}", await alice.get(`/referrals/${crypto.randomUUID()}`)],
  ];
  assertEquals(refusals.map(([, { status }]) => status), [400, 401, 403, 404]);
  replies.push(...refusals.map(([path, reply]): [string, string, Reply] => ["get", path, reply]));

  for (const [method, path, { status, body }] of replies) {
    assertEquals(problems(["paths", path, method, "responses", String(status)], body), []);
  }
});

Deno.test("a stranger reads the docs page, which names every endpoint and can run nothing", async () => {
  const page = await call("GET", "/docs");
  const policy = page.headers.get("content-security-policy") ?? "";
  const style = /<style>([^]*?)<\/style>/.exec(page.text)?.[1] ?? "";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style)));

  assertEquals(page.status, 200);
  assertMatch(page.headers.get("content-type") ?? "", /^text\/html; charset=utf-8$/i);
  assertEquals(
    policy,
    `default-src 'none'; style-src 'sha256-${btoa(String.fromCharCode(...digest))}'; frame-ancestors 'none'`,
  );
  assertEquals(/<script|javascript:|<[^>]+\s(on\w+|style)=/i.test(page.text), false);
  for (const { contract, path } of operations.filter(({ path }) => !path.startsWith("/deals"))) {
    assertStringIncludes(page.text, `<b>${contract.method}</b><code>${path}</code>`);
  }
  assertStringIncludes(page.text, "<code>/deals…</code>");
});

/** What is wrong with a value by the JSON schema at this place of the document. */
function problems(place: string[], value: unknown): string[] {
  const pointer = [...place, "content", "application/json", "schema"]
    .map((name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1")));
  const validate = ajv.getSchema(`openapi#/${pointer.join("/")}`);
  assert(validate, `${place.join(" ")} has no schema`);
  if (validate(value)) return [];
  return validate.errors!.map((error) => `${place.join(" ")}: ${error.instancePath} ${error.message}`);
}
