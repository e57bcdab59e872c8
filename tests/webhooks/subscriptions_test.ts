import { assertEquals, assertMatch } from "@std/assert";
import { contents } from "../world/contents.ts";
import { outcome, paths } from "../world/outcome.ts";
import { type Json, sql, stack, world } from "../world/world.ts";

// Nobody listens there.
const url = "http://127.0.0.1:9/hooks";
const subscribing = { url, events: ["referral_attributed"] };

Deno.test("a subscription is where Location says and reads back the same, but for its secret", async () => {
  const { alice } = await world();

  const created = await alice.post("/webhooks/subscriptions", subscribing);

  const { secret, ...subscription } = created.data;
  const path = `/webhooks/subscriptions/${subscription.id}`;
  assertEquals(created.status, 201, created.text);
  assertEquals(created.headers.get("location")?.endsWith(`/functions/v1/api/v1${path}`), true);
  assertMatch(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assertEquals(await alice.gets(path), subscription);
  assertEquals({ ...subscription, id: "", created_at: "", updated_at: "" }, {
    id: "",
    company_id: alice.companyId,
    ...subscribing,
    enabled: true,
    disabled_at: null,
    disabled_reason: null,
    failing_since: null,
    created_by: alice.keyId,
    created_at: "",
    updated_at: "",
  });
});

Deno.test("a secret is shown once, when it is made, and a rotation makes another one", async () => {
  const { alice } = await world();
  const created = await alice.creates("/webhooks/subscriptions", subscribing);
  const path = `/webhooks/subscriptions/${created.id}`;

  const rotated = await alice.post(`${path}/rotate-secret`);

  const secrets = [created.secret, rotated.data.secret];
  assertEquals([rotated.status, rotated.data.id, new Set(secrets).size], [200, created.id, 2]);
  const others = await Promise.all([
    alice.get("/webhooks/subscriptions"),
    alice.get(path),
    alice.patch(path, { enabled: false }),
    alice.patch(path, { enabled: true }),
    alice.post(`${path}/test`),
    alice.get(`${path}/logs`),
    alice.get(`${path}?fields=secret`),
    alice.rest("GET", "/webhook_subscriptions?select=*"),
    alice.rest("PATCH", `/webhook_subscriptions?id=eq.${created.id}`, { events: ["stage_changed"] }, {
      headers: { prefer: "return=representation" },
    }),
  ]);
  const texts = [...others.map(({ text }) => text), JSON.stringify(await contents(alice))];
  assertEquals(texts.filter((text) => /whsec_|"secret"/.test(text)), []);
});

Deno.test("an address is a URL that the database takes too, and events are distinct and some", async () => {
  const { alice } = await world();
  const { id } = await alice.creates("/webhooks/subscriptions", subscribing);
  const before = await contents(alice);
  const wrong: [Json, string][] = [
    ...[
      "",
      "127.0.0.1:9/hooks",
      "/hooks",
      "ftp://127.0.0.1:9/",
      "javascript:alert(1)",
      "http://",
      "http://user:pass@127.0.0.1:9/",
      "http://@127.0.0.1:9/",
      "http://127.0.0.1:9/a b",
      "http://127.0.0.1:9/\u0085",
      "http://127.0.0.1:9/\u00a0",
      "http://127.0.0.1:9/\u2028",
      "http://127.0.0.1:9/\u180e",
      " http://127.0.0.1:9/",
      "http://127.0.0.1:9/\n",
      "HTTP://127.0.0.1:9/",
      "http://127.0 .0.1:9/",
      "http://[::1",
      `http://127.0.0.1:9/${"a".repeat(2_030)}`,
    ].map((url): [Json, string] => [{ url }, "url"]),
    ...[[], ["odd"], ["webhook_test"], ["stage_changed", "stage_changed"], "stage_changed", null].map((
      events,
    ): [Json, string] => [{ events }, "events"]),
    [{ enabled: "true" }, "enabled"],
    [{ secret: "whsec_mine" }, "secret"],
    [{ failing_since: null }, "failing_since"],
  ];

  for (const [change, path] of wrong) {
    for (
      const reply of [
        await alice.post("/webhooks/subscriptions", { ...subscribing, ...change }),
        await alice.patch(`/webhooks/subscriptions/${id}`, change),
      ]
    ) {
      const [place] = paths(reply).map((path) => path.split(".")[0]);
      assertEquals([change, outcome(reply), place], [change, [400, "VALIDATION_ERROR"], path]);
    }
  }
  assertEquals(await contents(alice), before);
});

Deno.test("no subscription leads to where webhooks may not go, nor back here, and none is stored", async () => {
  const { alice } = await world();
  const { id } = await alice.creates("/webhooks/subscriptions", subscribing);
  const before = await contents(alice);
  const refused = [
    "http://example.com/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://[fd00::1]/",
    "https://2130706434.internal/",
    "https://intranet/",
    "https://1.1.1.1:22/",
    stack.apiUrl,
    stack.restUrl,
  ];

  for (const url of refused) {
    for (
      const reply of [
        await alice.post("/webhooks/subscriptions", { ...subscribing, url }),
        await alice.patch(`/webhooks/subscriptions/${id}`, { url }),
      ]
    ) {
      assertEquals([url, outcome(reply), paths(reply)], [url, [400, "VALIDATION_ERROR"], ["url"]]);
    }
  }
  assertEquals(await contents(alice), before);
});

Deno.test("a subscription that alice switches off says since when, until she switches it on; a deleted one is gone", async () => {
  const { alice } = await world();
  const { secret: _, ...subscription } = await alice.creates("/webhooks/subscriptions", subscribing);
  const path = `/webhooks/subscriptions/${subscription.id}`;
  await sql`update webhook_subscriptions set failing_since = '2026-01-01Z' where id = ${subscription.id}`;

  const failing = await alice.gets(path);
  const off = await alice.changes(path, { enabled: false });
  const on = await alice.changes(path, { enabled: true, url: `${url}/2`, events: ["stage_changed"] });
  const deleted = await alice.delete(path);

  assertEquals([failing.enabled, failing.failing_since], [true, "2026-01-01T00:00:00.000Z"]);
  assertEquals([off.enabled, typeof off.disabled_at, off.disabled_reason], [false, "string", null]);
  assertEquals({ ...on, updated_at: subscription.updated_at }, {
    ...subscription,
    url: `${url}/2`,
    events: ["stage_changed"],
  });
  assertEquals([deleted.status, deleted.text], [204, ""]);
  for (const gone of [path, `${path}/logs`]) assertEquals(outcome(await alice.get(gone)), [404, "NOT_FOUND"], gone);
  assertEquals((await contents(alice)).webhook_subscriptions, []);
});
