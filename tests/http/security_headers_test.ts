import { assertEquals } from "@std/assert";
import { rowsOf } from "../world/every_endpoint.ts";
import { call, stack, workspace } from "../world/world.ts";

const names = ["cache-control", "referrer-policy", "x-content-type-options"];
const wanted = ["no-store", "no-referrer", "nosniff"];

Deno.test("every answer is for its asker alone: errors, pages, documents and preflights too", async () => {
  const alice = await workspace("Alice's clinic");
  const rows = await rowsOf(alice);
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const { token } = await alice.creates("/referrals/request", { contact_id: rita.id });
  const asked: [number, string, string, unknown?, RequestInit?][] = [
    [200, "GET", "/health"],
    [200, "GET", "/openapi.json"],
    [200, "GET", "/docs"],
    [200, "GET", "/referrals"],
    [201, "POST", "/contacts", { first_name: "Fred" }],
    [204, "DELETE", `/referrals/${rows.paths["/referrals"]}`],
    [400, "POST", "/contacts", {}],
    [404, "GET", "/nowhere"],
    [405, "PUT", "/contacts"],
    [413, "POST", "/contacts", { first_name: "x".repeat(300_000) }],
    [200, "GET", `/refer/${token}`],
    [404, "GET", "/refer/nobody"],
    [404, "GET", "/public/unsubscribe/nobody"],
    [404, "GET", "/public/referral-requests/nobody"],
    [204, "OPTIONS", "/contacts"],
    [401, "POST", "/internal/dispatch"],
  ];
  for (const [status, method, path, body] of asked) {
    const answer = await call(method, path, body, {
      token: alice.token,
      headers: method === "OPTIONS" ? { origin: "https://a.example", "access-control-request-method": "POST" } : {},
    });
    assertEquals([method, path, answer.status], [method, path, status]);
    assertEquals([path, ...names.map((name) => answer.headers.get(name))], [path, ...wanted]);
    assertEquals(/max-age=\d{8}/.test(answer.headers.get("strict-transport-security")!), true, path);
  }
  const unknown = await fetch(`${stack.apiUrl}/referrals`);
  await unknown.body?.cancel();
  assertEquals([unknown.status, ...names.map((name) => unknown.headers.get(name))], [401, ...wanted]);
});
