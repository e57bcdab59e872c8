import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { endpoints, nowhere, pathTo, title } from "../world/every_endpoint.ts";
import { outcome } from "../world/outcome.ts";
import { call, chain, stack, world } from "../world/world.ts";

const json = { "content-type": "application/json" };

Deno.test("an id may come in either case, percent-encoded, and in any version; answers have it in lower case", async () => {
  const { alice } = await world();
  const { referrer, friend, referral } = await chain(alice);
  const encoded = [...referral.id].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("");

  assertEquals(await alice.gets(`/referrals/${referral.id.toUpperCase()}`), referral);
  assertEquals(await alice.gets(`/referrals/${encoded}`), referral);
  const created = await alice.creates("/referrals", {
    referrer_contact_id: friend.id.toUpperCase(),
    referred_contact_id: referrer.id.toUpperCase(),
  });
  assertEquals([created.referrer_contact_id, created.referred_contact_id], [friend.id, referrer.id]);
  for (
    const id of ["0".repeat(8), "f".repeat(8), "1".repeat(8)].map((x) =>
      `${x}-${x.slice(4)}-${x.slice(4)}-${x.slice(4)}-${x}${x.slice(4)}`
    )
  ) {
    assertEquals(outcome(await alice.get(`/referrals/${id}`)), [404, "NOT_FOUND"], id);
    assertEquals(outcome(await alice.post("/referrals", { referrer_contact_id: id })), [404, "NOT_FOUND"], id);
    assertEquals((await alice.get(`/referrals?referrer_contact_id=${id}`)).body.pagination.total, 0, id);
  }
});

Deno.test("a path whose id is none is a 400 that names it, on every verb", async () => {
  const { alice } = await world();
  const { referral } = await chain(alice);
  const before = await contents(alice);
  const bad = [
    "x",
    "null",
    referral.id + "0",
    referral.id.slice(1),
    "eq." + referral.id,
    "%00",
    "*",
    "..%2f",
    "%F0%9F%98%80",
  ];
  for (const endpoint of endpoints.filter(({ contract }) => contract.path.includes(":id"))) {
    const { method, path, body } = endpoint.contract;
    for (const id of bad) {
      const reply = await call(method.toUpperCase(), path.replace(":id", id), body?.meta()?.example, {
        token: alice.token,
      });
      assertEquals(outcome(reply), [400, "VALIDATION_ERROR"], `${title(endpoint)} ${id}`);
      assertEquals(reply.error.details.fields[0].path, "id");
    }
  }
  assertEquals(await contents(alice), before);
});

Deno.test("a route is its path to the letter", async () => {
  const { alice } = await world();
  const { referral } = await chain(alice);
  for (
    const path of [
      "/referrals/",
      "//referrals",
      `/referrals/${referral.id}/`,
      `/referrals//${referral.id}`,
      "/Referrals",
      "/referrals;x",
      "/referrals%2f",
      "/referral",
      `/pipelines/${referral.id}/steps`,
    ]
  ) {
    assertEquals(outcome(await alice.get(path)), [404, "NOT_FOUND"], path);
  }
});

Deno.test("dots in a path, sent as they are, lead nowhere that a key does not guard", async () => {
  const { hostname, port, pathname } = new URL(stack.apiUrl);
  for (const path of ["/referrals/%2e%2e", "/%2e%2e/%2e%2e/api/v1/referrals/../../x", "/referrals/%2e%2e%2fcontacts"]) {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(
      new TextEncoder().encode(`GET ${pathname}${path} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`),
    );
    const answer = await new Response(connection.readable).text();
    // The base itself is open: it says what this is.
    assertMatch(answer, path === "/referrals/%2e%2e" ? /"name":"Referrals"/ : /^HTTP\/1.1 40[14] /, path);
  }
});

Deno.test("another method is a 405 that names the right ones, and HEAD answers like GET", async () => {
  const { alice } = await world();
  const rows = nowhere();
  const isBeside = (path: string, other: string) => {
    const [fixed, open] = [path.split("/"), other.split("/")];
    return path !== other && fixed.length === open.length &&
      open.every((part, i) => part.startsWith(":") || part === fixed[i]);
  };
  for (const path of new Set(endpoints.map(({ contract }) => contract.path))) {
    const here = endpoints.filter(({ contract }) => contract.path === path);
    const known = here.map(({ contract }) => contract.method.toUpperCase());
    const allowed = [...known, ...(known.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((method) => !known.includes(method))) {
      // A fixed route beside one with an id: this method reaches the other.
      const beside = endpoints.filter(({ contract }) => isBeside(path, contract.path))
        .map(({ contract }) => contract.method.toUpperCase()).filter((other) => !known.includes(other));
      if (beside.includes(method)) continue;
      const reply = await call(method, pathTo(here[0], rows), undefined, { token: alice.token });
      assertEquals(outcome(reply), [405, "METHOD_NOT_ALLOWED"], `${method} ${path}`);
      const wanted = [...new Set([...allowed, ...beside, ...(beside.includes("GET") ? ["HEAD"] : [])])];
      assertEquals(reply.headers.get("allow")?.split(", ").sort(), wanted.sort(), `${method} ${path}`);
    }
    if (known.includes("GET")) {
      const [get, head] = await Promise.all(
        ["GET", "HEAD"].map((method) => call(method, pathTo(here[0], rows), undefined, { token: alice.token })),
      );
      assertEquals([head.status, head.text], [get.status, ""], path);
      assertEquals(head.headers.get("content-type"), get.headers.get("content-type"), path);
    }
  }
});

Deno.test("browsers may ask first, on every route and without a key", async () => {
  for (const endpoint of endpoints) {
    const { status, headers, text } = await call("OPTIONS", pathTo(endpoint, nowhere()), undefined, {
      headers: {
        origin: "https://app.example",
        "access-control-request-method": endpoint.contract.method.toUpperCase(),
        "access-control-request-headers": "authorization,content-type",
      },
    });
    assertEquals([status, text, headers.get("access-control-allow-origin")], [204, "", "*"], title(endpoint));
    assertMatch(headers.get("access-control-allow-methods") ?? "", new RegExp(endpoint.contract.method, "i"));
    assertMatch(headers.get("access-control-allow-headers") ?? "", /authorization.*content-type/i);
    assertEquals(headers.get("access-control-allow-credentials"), null);
    assertMatch(headers.get("x-request-id") ?? "", /^\S+$/);
  }
});

Deno.test("every answer carries a request id: the caller's when it is sane, else a new one", async () => {
  const { alice, bob } = await world();
  const { referral } = await chain(alice);
  const ask = (id: string) => ({ headers: { "x-request-id": id } });

  for (const id of ["abc-123", "A_b=", "x".repeat(255), crypto.randomUUID()]) {
    const read = await alice.get(`/referrals/${referral.id}`, ask(id));
    const refused = await bob.get(`/referrals/${referral.id}`, ask(id));
    assertEquals([read.headers.get("x-request-id"), read.body.meta.request_id], [id, id]);
    assertEquals([refused.status, refused.headers.get("x-request-id"), refused.error.request_id], [404, id, id]);
  }
  for (const id of ["", "a b", `a"b`, "<script>", "x".repeat(256), "a\tb", "a,b", "é"]) {
    const read = await alice.get(`/referrals/${referral.id}`, ask(id));
    assertNotEquals(read.headers.get("x-request-id"), id);
    assertMatch(read.body.meta.request_id, /^[\w-]{16,64}$/);
    assertEquals(read.headers.get("x-request-id"), read.body.meta.request_id);
  }
  const removed = await alice.delete(`/referrals/${referral.id}`, ask("the-last"));
  const others = [await call("GET", "/health"), await call("GET", "/nowhere"), await call("HEAD", "/referrals")];
  assertEquals([removed.status, removed.headers.get("x-request-id")], [204, "the-last"]);
  // Beside the API's base URL, yet the function's own.
  for (const path of ["", "/", "/x", "/v1x"]) others.push(await call("GET", `/..${path}`));
  for (const { headers, error } of others) {
    assertMatch(headers.get("x-request-id") ?? "", /^[\w-]{16,64}$/);
    if (error) assertEquals(error.request_id, headers.get("x-request-id"));
  }
});

Deno.test("a body is plain JSON and says so, else 415", async () => {
  const { alice } = await world();
  const raw = JSON.stringify({ first_name: "Rita" });
  const types = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonx",
    "application/json-patch+json",
    "x",
  ];
  const before = await contents(alice);
  const zipped = new Response(new Response(raw).body!.pipeThrough(new CompressionStream("gzip")));
  const refused = [
    await alice.post("/contacts", undefined, { raw: new TextEncoder().encode(raw) }),
    await alice.post("/contacts", undefined, {
      raw: await zipped.arrayBuffer(),
      headers: { ...json, "content-encoding": "gzip" },
    }),
  ];
  for (const type of types) {
    refused.push(await alice.post("/contacts", undefined, { raw, headers: { "content-type": type } }));
  }

  assertEquals(refused.map(outcome), Array(refused.length).fill([415, "UNSUPPORTED_MEDIA_TYPE"]));
  assertEquals(await contents(alice), before);
  for (const type of ["application/json; charset=utf-8", "Application/JSON", "application/json ; x=y"]) {
    assertEquals(
      (await alice.post("/contacts", undefined, { raw, headers: { "content-type": type } })).status,
      201,
      type,
    );
  }
});

Deno.test("a body has at most 256 kB, whether or not it says its length", async () => {
  const { alice } = await world();
  const of = (bytes: number) => new TextEncoder().encode(`{"first_name": "Rita"}`.padEnd(bytes));
  const stream = (bytes: number) => new Blob([of(bytes)]).stream();
  const kB256 = 256 * 1024;
  const before = await contents(alice);

  for (const raw of [of(kB256 + 1), of(1_000_000), stream(kB256 + 1), stream(1_000_000)]) {
    const reply = await alice.post("/contacts", undefined, { raw, headers: json });
    assertEquals(outcome(reply), [413, "PAYLOAD_TOO_LARGE"]);
  }
  assertEquals(await contents(alice), before);
  for (const raw of [of(kB256), stream(kB256)]) {
    assertEquals((await alice.post("/contacts", undefined, { raw, headers: json })).status, 201);
  }
});

Deno.test("an instant is a real one of year 1 to 9999, with its offset, or a date", async () => {
  const { alice } = await world();
  const z = (date: string) => `${date}T00:00:00Z`;
  for (const name of ["created_after", "created_before"]) {
    for (
      const text of [
        z("0000-01-01"),
        z("2026-02-30"),
        z("2026-13-01"),
        z("10000-01-01"),
        "0000-01-01",
        "2026-02-29",
        "2026-1-1",
        "",
        "now",
        "infinity",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00 10:00",
        "2026-01-01T25:00:00Z",
        "1767225600",
      ]
    ) {
      const reply = await alice.get(`/contacts?${name}=${encodeURIComponent(text)}`);
      assertEquals(outcome(reply), [400, "VALIDATION_ERROR"], `${name}=${text}`);
      assertEquals(reply.error.details.fields[0].path, name);
    }
    for (
      const text of [
        z("0001-01-01"),
        "2024-02-29",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
      ]
    ) {
      assertEquals((await alice.get(`/contacts?${name}=${encodeURIComponent(text)}`)).status, 200, `${name}=${text}`);
    }
  }
});
