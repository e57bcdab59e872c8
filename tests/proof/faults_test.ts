import { assert, assertEquals } from "@std/assert";
import { automate, settled } from "../world/automations.ts";
import { withCanned } from "../world/canned_data_api.ts";
import { contents } from "../world/contents.ts";
import { askEach, bodyOf, endpoints, nowhere, pathTo, rowsOf, title } from "../world/every_endpoint.ts";
import { listen, once, subscribe } from "../world/listener.ts";
import { mailbox, mailsTo, plan } from "../world/mailbox.ts";
import { eventually, type Json, type Reply, sql, stack, workspace } from "../world/world.ts";
import postgres from "postgres";

const id = crypto.randomUUID();
const faults: Record<string, () => Response | Promise<Response>> = {
  "answers 503": () => Response.json({ code: "PGRST003", message: "secret" }, { status: 503 }),
  "says that a statement took too long": () => Response.json({ code: "57014", message: "secret" }, { status: 500 }),
  "says that a lock is held": () => Response.json({ code: "55P03", message: "secret" }, { status: 500 }),
  "says that there are too many connections": () =>
    Response.json({ code: "53300", message: "secret" }, { status: 503 }),
  "answers cut JSON": () => new Response(`[{"id": "${id}", "sec`, { headers: { "content-type": "application/json" } }),
  "answers with a page": () => new Response("<p>secret</p>", { status: 502, headers: { "content-type": "text/html" } }),
  "hangs": () => new Promise<Response>(() => {}),
};

for (const [fault, answer] of Object.entries(faults)) {
  Deno.test(`every route answers 503 when the data API ${fault}`, async () => {
    const nothing = nowhere();
    const answers = await withCanned(answer, async (call) =>
      Object.fromEntries(
        await Promise.all(endpoints.map(async (endpoint) => {
          const method = endpoint.contract.method.toUpperCase();
          const reply = await call(method, pathTo(endpoint, nothing), bodyOf(endpoint, nothing));
          assertEquals(reply.text.includes("secret"), false, title(endpoint));
          return [title(endpoint), [reply.status, reply.error?.code, Number(reply.headers.get("retry-after")) > 0]];
        })),
      ), { databaseTimeout: 300, allowLoopbackWebhooks: true });

    const wanted = Object.fromEntries(endpoints.map((endpoint) => [title(endpoint), [503, "UNAVAILABLE", true]]));
    assertEquals(answers, wanted);
  });
}

const outcome = ({ status, error, headers }: Reply) => [status, error?.code, Number(headers.get("retry-after")) > 0];
const unavailable = [503, "UNAVAILABLE", true];

/** Every route refuses with 503 in time while `fault` holds, nothing is written, and all is well again afterwards. */
async function withstands(fault: () => Promise<AsyncDisposable>) {
  const clinic = await workspace("Harbour Health");
  const rows = await rowsOf(clinic);
  const before = await contents(clinic);
  const started = Date.now();
  {
    await using _fault = await fault();
    const answers = await askEach(endpoints, rows, clinic, outcome);
    assertEquals(Object.entries(answers).filter(([, answer]) => String(answer) !== String(unavailable)), []);
    assert(Date.now() - started < 15_000, "the answers came late");
  }
  await eventually(async () => (await clinic.get("/referrals")).status === 200);
  assertEquals(await contents(clinic), before);
  const reads = endpoints.filter(({ contract }) => contract.method === "get");
  const afterwards = await askEach(reads, rows, clinic, ({ status }) => status);
  assertEquals(Object.entries(afterwards).filter(([, status]) => status !== 200), []);
}

const dropConnections = () =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'`;

/** Postgres takes no connection of the data API's, and drops those it has. */
async function withoutConnections(): Promise<AsyncDisposable> {
  const superuser = postgres(stack.superuserUrl, { max: 1, onnotice: () => {} });
  await superuser`alter role authenticator nologin`;
  await dropConnections();
  return {
    [Symbol.asyncDispose]: async () => {
      await superuser`alter role authenticator login`;
      await superuser.end();
    },
  };
}

Deno.test("every route answers 503 while Postgres has no connection left for the data API, and serves afterwards", async () => {
  await withstands(withoutConnections);
});

Deno.test("what receivers have answered while the database is away is recorded when it is back, and nothing is sent meanwhile", async () => {
  const clinic = await workspace("Harbour Health");
  const rita = await clinic.creates("/contacts", { first_name: "Rita" });
  const events = 500;
  await using crm = listen();
  const subscription = await subscribe(clinic, crm.url);

  await sql`
    insert into referrals (company_id, referrer_contact_id)
    select ${clinic.companyId}, ${rita.id} from generate_series(1, ${events})
  `;
  await eventually(() => crm.received.length > 50);
  {
    await using _away = await withoutConnections();
    await eventually(() => Date.now() - crm.received.at(-1)!.at > 2_000);
    assert(crm.received.length < events, "all was sent while the database was away");
  }
  await settled(clinic);

  assertEquals(once(crm.received).length, events);
  const recorded = await sql`
    select status, attempt_count, count(*)::int from webhook_deliveries
    where subscription_id = ${subscription.id} group by status, attempt_count
  `;
  assertEquals(recorded.map((row) => Object.values(row)), [["delivered", 1, events]]);
});

Deno.test("a run whose mail is sent while the database is away goes on when it is back", async () => {
  const clinic = await workspace("Harbour Health");
  const rita = await clinic.creates("/contacts", { first_name: "Rita", email: `${crypto.randomUUID()}@example.com` });
  const config = { to: "referrer", subject: "Hello", body_html: "<p>Hello</p>" };
  const thank = await automate(clinic, { trigger_type: "referral_attributed" }, { action_type: "send_email", config });
  const held = await plan({ hang: true });
  await clinic.creates("/referrals", { referrer_contact_id: rita.id });
  await eventually(async () => (await mailbox("GET", "/faults")).json.length === 0);

  {
    await using _away = await withoutConnections();
    await held[Symbol.asyncDispose]();
    await eventually(async () => (await mailsTo(rita.email)).length > 0);
    assertEquals((await clinic.get("/automations")).status, 503);
  }

  const run = await eventually(async () => {
    const [run] = await clinic.gets(`/automations/${thank.id}/runs?status=completed`);
    return run;
  });
  assertEquals(run.action_results.map(({ status }: Json) => status), ["completed"]);
  const [{ claims }] = await sql`select claims from automation_runs where id = ${run.run_id}`;
  assertEquals([claims, (await mailsTo(rita.email)).length], [1, 1]);
});

Deno.test("a request whose connection is cut in the middle answers 503 and leaves nothing half done", async () => {
  const clinic = await workspace("Harbour Health");
  const before = await contents(clinic);
  const held = Promise.withResolvers<void>();
  const isHeld = Promise.withResolvers<void>();
  const holding = sql.begin(async (tx) => {
    await tx`lock table crm_pipeline_stages in access exclusive mode`;
    isHeld.resolve();
    await held.promise;
  });
  await isHeld.promise;

  // The pipeline is written, its stages wait for the lock.
  const writing = clinic.post("/pipelines", { name: "New patients", stages: [{ name: "Enquiry" }] });
  await eventually(async () =>
    (await sql`select from pg_stat_activity where usename = 'authenticator' and wait_event_type = 'Lock'`).length > 0
  );
  await dropConnections();
  const reply = await writing;
  held.resolve();
  await holding;

  assertEquals(outcome(reply), unavailable);
  await eventually(async () => (await clinic.get("/pipelines")).status === 200);
  assertEquals(await contents(clinic), before);
});

Deno.test("a lock that is held too long is a 503 within 10 s, and the write that waited for it is undone", async () => {
  const clinic = await workspace("Harbour Health");
  const rita = await clinic.creates("/contacts", { first_name: "Rita" });
  const before = await contents(clinic);
  const started = Date.now();
  const reply = await sql.begin(async (tx) => {
    await tx`lock table referrals in access exclusive mode`;
    return await clinic.post("/referrals", { referrer_contact_id: rita.id });
  });

  assertEquals(outcome(reply), unavailable);
  assert(Date.now() - started < 10_000, "the answer came late");
  // What a caller was told has failed is not done afterwards either.
  await eventually(async () =>
    (await sql`select from pg_stat_activity where usename = 'authenticator' and state <> 'idle'`).length === 0
  );
  assertEquals(await contents(clinic), before);
  assertEquals((await clinic.post("/referrals", { referrer_contact_id: rita.id })).status, 201);
});
