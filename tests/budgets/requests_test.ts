import { assert, assertEquals, assertMatch } from "@std/assert";
import { startFunctions } from "../world/function_processes.ts";
import { functionBehind } from "../world/own_function.ts";
import { call, eventually, type Reply, sql, workspace } from "../world/world.ts";

const outcome = ({ status, error }: Pick<Reply, "status" | "error">) => [status, error?.code];

/** The `t` of each budget in a RateLimit header. */
function secondsUntilMore(headers: Headers): number[] {
  return [...headers.get("ratelimit")!.matchAll(/t=(\d+)/g)].map(([, t]) => Number(t));
}

Deno.test("32 clients in two processes get no more than a key's minute lets through, and bob does not notice", async () => {
  await using functions = await startFunctions(2);
  const alice = await (await workspace("Alice's clinic")).within({ perMinute: 60 });
  const bob = await workspace("Bob's brokers");
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  let [served, refused] = [0, 0];
  const isOver = () => served >= 62 && refused >= 100 || seconds() > 30;
  const client = async (_: unknown, at: number) => {
    while (!isOver()) {
      const answer = await fetch(`${functions.urls[at % 2]}/referrals?limit=1`, {
        headers: { authorization: `Bearer ${alice.token}` },
      });
      await answer.body?.cancel();
      if (answer.status === 200) served++;
      else {
        assertEquals(answer.status, 429);
        assert(Number(answer.headers.get("retry-after")) >= secondsUntilMore(answer.headers)[0]);
        refused++;
      }
    }
  };
  const waits: number[] = [];
  const other = async () => {
    while (!isOver()) {
      const asked = performance.now();
      assertEquals((await bob.get("/referrals")).status, 200);
      waits.push(performance.now() - asked);
    }
  };

  await Promise.all([...Array.from({ length: 32 }, client), other()]);

  assert(refused >= 100 && served >= 62 && served <= 60 + seconds(), `${served} in ${seconds()} s`);
  const [middle] = waits.sort((a, b) => a - b).slice(waits.length / 2);
  assert(middle < 1_000, `${middle} ms`);
});

Deno.test("every keyed answer says what is left, errors too, and a page of a browser may read it", async () => {
  const alice = await (await workspace("Alice's clinic")).within({ perMinute: 600, perDay: 1_000 }, "referrals:write");
  for (
    const [method, path, body, status] of [
      ["GET", "/referrals", undefined, 200],
      ["GET", `/referrals/${crypto.randomUUID()}`, undefined, 404],
      ["GET", "/referrals?colour=red", undefined, 400],
      ["GET", "/contacts", undefined, 403],
      ["POST", "/referrals", {}, 400],
      ["POST", "/contacts", { first_name: "Rita" }, 403],
      ["DELETE", `/referrals/${crypto.randomUUID()}`, undefined, 403],
    ] as const
  ) {
    const { status: answered, headers } = await call(method, path, body, { token: alice.token });
    assertEquals(answered, status, path);
    assertEquals(headers.get("ratelimit-policy"), '"minute";q=600;w=60, "day";q=1000;w=86400');
    assertMatch(headers.get("ratelimit")!, /^"minute";r=5\d\d;t=\d, "day";r=9\d\d;t=\d+$/);
    assertMatch(headers.get("access-control-expose-headers")!, /RateLimit,RateLimit-Policy/);
  }
  assertEquals((await call("GET", "/referrals")).headers.get("ratelimit"), null);
});

Deno.test("first comes who asks, then the budget, then the scope, then the input; and nothing is written", async () => {
  const clinic = await workspace("Alice's clinic");
  const alice = await clinic.within({ perMinute: 2 }, "contacts:read");
  assertEquals(outcome(await alice.post("/contacts", { first_name: 1 })), [403, "INSUFFICIENT_SCOPE"]);
  assertEquals(outcome(await alice.get("/contacts?colour=red")), [400, "VALIDATION_ERROR"]);

  const spent = await alice.get("/contacts");
  assertEquals(outcome(spent), [429, "RATE_LIMITED"]);
  assertEquals(spent.error.details, { budget: "requests_per_minute" });
  assert(Number(spent.headers.get("retry-after")) >= secondsUntilMore(spent.headers)[0]);
  assertMatch(spent.headers.get("ratelimit")!, /^"minute";r=0;t=\d+, /);
  assertEquals(outcome(await alice.post("/contacts", { first_name: 1 })), [429, "RATE_LIMITED"]);
  assertEquals(outcome(await alice.get("/contacts?colour=red")), [429, "RATE_LIMITED"]);

  await sql`update api_keys set revoked_at = now() where id = ${alice.keyId}`;
  assertEquals(outcome(await alice.get("/contacts?colour=red")), [401, "UNAUTHORIZED"]);
  assertEquals(outcome(await alice.post("/contacts", { first_name: 1 })), [401, "UNAUTHORIZED"]);
  assertEquals((await clinic.get("/contacts")).body.pagination.total, 0);
});

Deno.test("a write over the budget is not done", async () => {
  const clinic = await workspace("Alice's clinic");
  const alice = await clinic.within({ perMinute: 3 });
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, at) => alice.post("/contacts", { first_name: `Friend ${at}` })),
  );
  assertEquals(answers.map(({ status }) => status).sort(), [201, 201, 201, 429, 429, 429, 429, 429]);
  assertEquals((await clinic.get("/contacts")).body.pagination.total, 3);
});

Deno.test("a day has its budget too, which another key of the workspace has not spent", async () => {
  const clinic = await workspace("Alice's clinic");
  const alice = await clinic.within({ perDay: 5 });
  const answers: Reply[] = [];
  for (let i = 0; i < 7; i++) answers.push(await alice.get("/referrals"));

  assertEquals(answers.map(({ status }) => status), [200, 200, 200, 200, 200, 429, 429]);
  assertEquals(answers[6].error.details, { budget: "requests_per_day" });
  const wait = Number(answers[6].headers.get("retry-after"));
  assert(wait > 17_000 && wait <= 17_280 && wait >= secondsUntilMore(answers[6].headers)[1], `${wait}`);
  assertEquals((await clinic.get("/referrals")).status, 200);
});

Deno.test("when the limiter is out of reach nobody is refused", async () => {
  await using own = functionBehind((path) =>
    path === "/rpc/take_requests" ? new Response("<html>", { status: 502 }) : undefined
  );
  const alice = await (await workspace("Alice's clinic")).within({ perMinute: 1, creditsPerMonth: 1 });
  for (const status of [200, 200, 200]) assertEquals((await own.ask(alice, "GET", "/referrals")).status, status);
  for (const first_name of ["Rita", "Fred"]) {
    const { status, headers } = await own.ask(alice, "POST", "/contacts", { first_name });
    assertEquals([status, headers.get("ratelimit")], [201, null]);
  }
});

Deno.test("a read waits for the limiter beside its query, and a writer without haste does not wait for it twice", async () => {
  const held = Promise.withResolvers<void>();
  let hold = false;
  await using own = functionBehind(async (path) => {
    if (hold && path === "/rpc/take_requests") await held.promise;
  });
  const alice = await (await workspace("Alice's clinic")).within({});
  const asked = (path: string) => own.asked.filter((one) => one === path).length;

  await own.ask(alice, "POST", "/contacts", { first_name: "Rita" });
  await eventually(() => Promise.resolve(asked("/rpc/take_requests") === 2));
  await own.ask(alice, "GET", "/contacts");
  await eventually(() => Promise.resolve(asked("/rpc/take_requests") === 3));
  hold = true;
  const second = await own.ask(alice, "POST", "/contacts", { first_name: "Fred" });
  const third = own.ask(alice, "GET", "/referrals");
  await eventually(() => Promise.resolve(asked("/referrals") === 1));
  held.resolve();

  assertEquals([second.status, (await third).status], [201, 200]);
});

Deno.test("whoever asks without haste pays one request for one", async () => {
  await using own = functionBehind();
  const alice = await (await workspace("Alice's clinic")).within({ perMinute: 1_000, perDay: 1_000 });
  const left = async () => {
    const [{ room }] = await sql`
      select (private.room(day_at, clock_timestamp(), interval '1 day' / 1000, 1000)).requests as room
      from private.request_budgets where key_id = ${alice.keyId}`;
    return room;
  };
  for (let i = 0; i < 20; i++) await own.ask(alice, "GET", "/referrals");
  // At most a lease of eight is set aside.
  assert(await left() <= 980 && await left() >= 980 - 16, `${await left()}`);
});

Deno.test("a key may be asked what it may ask", async () => {
  const clinic = await workspace("Alice's clinic");
  const alice = await clinic.within({ perMinute: 60, perDay: 10_000, creditsPerMonth: 500 }, "contacts:read");
  const { created_at, ...me } = await alice.gets("/me");
  assertMatch(created_at, /Z$/);
  assertEquals(me, {
    id: alice.keyId,
    name: "Budgeted",
    scopes: ["contacts:read"],
    expires_at: null,
    limits: { requests_per_minute: 60, requests_per_day: 10_000, credits_per_month: 500 },
    company: { id: alice.companyId, name: "Alice's clinic" },
  });
  assertEquals((await call("GET", "/me")).status, 401);
});
