import { assertEquals, assertMatch } from "@std/assert";
import { ask } from "../world/ask.ts";
import { elements, textOf } from "../world/html.ts";
import { call, type Person, sql, world } from "../world/world.ts";

const unsubscribed = async ({ companyId }: Person) =>
  (await sql`select email from private.unsubscribed where company_id = ${companyId}`).map(({ email }) => email);

Deno.test("the link asks, the button unsubscribes, and alice can ask rita no more; bob still can", async () => {
  const { alice, bob } = await world();
  const { rita, unsubscribe } = await ask(alice);
  const other = await bob.creates("/contacts", { first_name: "Rita", email: rita.email });

  const question = await call("GET", unsubscribe);
  const asked = await unsubscribed(alice);
  const done = await call("POST", unsubscribe);
  const again = await call("POST", unsubscribe);
  const visited = await call("GET", unsubscribe);
  const refused = await alice.post("/referrals/request", { contact_id: rita.id });
  const allowed = await bob.post("/referrals/request", { contact_id: other.id });

  assertEquals([question.status, textOf(question.text, "h1")], [200, "Stop these emails?"]);
  assertEquals(elements(question.text).find(({ tag }) => tag === "form")!.attributes, { method: "post" });
  assertMatch(
    question.headers.get("content-security-policy")!,
    /^default-src 'none'; style-src [^;]+; form-action 'self'/,
  );
  assertEquals(question.headers.get("cache-control"), "no-store");
  assertEquals(asked, []);
  for (const { status, text } of [done, again, visited]) {
    assertEquals([status, textOf(text, "h1")], [200, "You are unsubscribed"]);
  }
  assertEquals(await unsubscribed(alice), [rita.email]);
  assertEquals([refused.status, refused.error.code, allowed.status], [409, "CONFLICT", 201]);
  assertEquals(await unsubscribed(bob), []);
});

Deno.test("a mail client's one click unsubscribes, whichever form type it sends", async () => {
  const { alice } = await world();
  const multipart = new FormData();
  multipart.set("List-Unsubscribe", "One-Click");
  const addresses: string[] = [];

  for (const raw of ["List-Unsubscribe=One-Click", multipart]) {
    const { rita, unsubscribe } = await ask(alice);
    addresses.push(rita.email);
    const headers = typeof raw === "string" ? { "content-type": "application/x-www-form-urlencoded" } : undefined;
    assertEquals((await call("POST", unsubscribe, undefined, { raw, headers })).status, 200);
  }
  assertEquals((await unsubscribed(alice)).sort(), addresses.sort());
});

Deno.test("an unknown link unsubscribes nobody, and neither does the token of a form", async () => {
  const { alice } = await world();
  const { token } = await ask(alice);

  for (const path of ["/public/unsubscribe/unknown", `/public/unsubscribe/${token}`]) {
    for (const method of ["GET", "POST"]) {
      const missing = await call(method, path);

      assertEquals([missing.status, textOf(missing.text, "h1")], [404, "We cannot find this link"]);
    }
  }
  assertEquals(await unsubscribed(alice), []);
});
