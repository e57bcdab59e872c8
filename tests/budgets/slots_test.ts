import { assert, assertEquals } from "@std/assert";
import { functionBehind } from "../world/own_function.ts";
import { eventually, type Json, type Person, type Reply, sql, workspace } from "../world/world.ts";

const once = { once: true };

/** Four statements of the person's key that wait for a row until they are let go. */
async function fourUnderWay(person: Person) {
  const rita = await person.creates("/contacts", { first_name: "Rita" });
  const held = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holder = sql.begin(async (tx) => {
    await tx`select from crm_contacts where id = ${rita.id} for update`;
    locked.resolve();
    await held.promise;
  });
  await locked.promise;
  const path = `/crm_contacts?id=eq.${rita.id}`;
  const waiting = Array.from({ length: 4 }, () => person.rest("PATCH", path, { job_title: "GP" }, once));
  await eventually(async () => {
    const [{ count }] = await sql`
      select count(*)::integer from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and granted and usename = 'authenticator' and wait_event_type = 'Lock'`;
    return count === 4;
  });
  const letGo = async (): Promise<Reply[]> => {
    held.resolve();
    await holder;
    return await Promise.all(waiting);
  };
  return { letGo, [Symbol.asyncDispose]: async () => void await letGo() };
}

Deno.test("a fifth statement of a key on /rest/v1 is refused while four run, and other keys are served", async () => {
  const [alice, bob] = [await workspace("Alice's clinic"), await workspace("Bob's brokers")];
  const colleague = await alice.holding("contacts:read");
  await using four = await fourUnderWay(alice);

  const fifth = await alice.rest("POST", "/crm_contacts", { first_name: "Fred" }, once);
  const read = await alice.rest("GET", "/crm_contacts", undefined, once);
  for (const refused of [fifth, read]) {
    assertEquals([refused.status, refused.body.code, refused.body.details], [
      429,
      "RATE_LIMITED",
      "concurrent_statements",
    ]);
    assertEquals(refused.headers.get("retry-after"), "1");
  }
  for (const other of [colleague, bob]) {
    assertEquals((await other.rest("GET", "/crm_contacts", undefined, once)).status, 200);
    assertEquals((await other.get("/contacts")).status, 200);
  }

  assertEquals((await four.letGo()).map(({ status }) => status), [204, 204, 204, 204]);
  const names = (await alice.rest("GET", "/crm_contacts?select=first_name", undefined, once)).body;
  assertEquals(names.map(({ first_name }: Json) => first_name), ["Rita"]);
});

Deno.test("the function waits for a slot that is in use elsewhere, and its own calls wait for each other", async () => {
  const alice = await workspace("Alice's clinic");
  await using own = functionBehind();
  {
    await using four = await fourUnderWay(alice);
    const asking = own.ask(alice, "GET", "/contacts");
    await eventually(() => Promise.resolve(own.asked.filter((path) => path === "/crm_contacts").length > 1));
    await four.letGo();
    assertEquals((await asking).status, 200);
  }
  const answers = await Promise.all(Array.from({ length: 24 }, () => own.ask(alice, "GET", "/contacts")));
  assertEquals(answers.map(({ status }) => status), Array(24).fill(200));
});

Deno.test("a pattern with back references, by one key 24 times at once, ends after 2 s and keeps nobody else waiting", async () => {
  const [alice, bob] = [await workspace("Alice's clinic"), await workspace("Bob's brokers")];
  await alice.creates("/contacts", { first_name: "x".repeat(190) });
  await bob.creates("/contacts", { first_name: "Rita" });
  // Twice as many letters and one can never be the even number that there are: all ways to part them are tried.
  const pattern = encodeURIComponent("^(x+)(x+)(x+)(x+)(x+)\\5\\4\\3\\2\\1x *$");
  const path = `/crm_contacts?search_text=match.${pattern}`;

  const began = performance.now();
  let over = false;
  const attacks = Promise.all(Array.from({ length: 24 }, () => alice.rest("GET", path, undefined, once)))
    .finally(() => over = true);
  const waits: number[] = [];
  while (!over) {
    const asked = performance.now();
    assertEquals((await bob.get("/contacts")).status, 200);
    waits.push(performance.now() - asked);
  }
  const answers = await attacks;

  const codes = answers.map(({ body }) => body.code).sort();
  assertEquals(codes, [...Array(4).fill("57014"), ...Array(20).fill("RATE_LIMITED")]);
  assert(performance.now() - began < 5_000);
  assert(Math.max(...waits) < 1_000, `${Math.max(...waits)} ms`);
});
