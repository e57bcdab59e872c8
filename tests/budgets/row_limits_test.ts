import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type postgres from "postgres";
import { refusal as refused } from "../world/sql_refusal.ts";
import { eventually, type Json, type Person, type Reply, sql, stack, workspace } from "../world/world.ts";

/** Runs the operator's command on the stack's database, as `deno task limits` does. */
async function limits(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "operator/limits.ts", ...args],
    env: { DATABASE_URL: stack.databaseUrl },
  }).output();
  return { code, printed: new TextDecoder().decode(stdout), said: new TextDecoder().decode(stderr) };
}

const refusal = ({ status, error, body }: Reply) => [status, error?.code ?? body.code, error?.message ?? body.message];
const over = (limit: string, most: number) => [
  409,
  "CONFLICT",
  `This would be over the limit of your workspace: ${limit}, at most ${most}.`,
];

async function limited(name: string, value: number): Promise<{ alice: Person; bob: Person }> {
  const [alice, bob] = [await workspace("Alice's clinic"), await workspace("Bob's brokers")];
  await sql`insert into private.workspace_limits values (${alice.companyId}, ${name}, ${value})`;
  return { alice, bob };
}

const counted = async ({ companyId }: Person, name: string) => {
  const [{ rows }] = await sql`select private.counted_rows(${companyId}, ${name})::integer as rows`;
  return rows;
};

Deno.test("a workspace has as many contacts as its operator set, however they are added, and another has its own", async () => {
  const { alice, bob } = await limited("contacts", 3);
  const added = await Promise.all(Array.from({ length: 6 }, () => alice.post("/contacts", { first_name: "Rita" })));
  assertEquals(added.map(({ status }) => status).sort(), [201, 201, 201, 409, 409, 409]);
  assertEquals(refusal(added.find(({ status }) => status === 409)!), over("contacts", 3));
  assertEquals(refusal(await alice.rest("POST", "/crm_contacts", [{ first_name: "Fred" }])), over("contacts", 3));
  assertEquals((await alice.get("/contacts")).body.pagination.total, 3);
  assertEquals((await bob.post("/contacts", { first_name: "Rita" })).status, 201);

  await sql`delete from crm_contacts where id = ${added.find(({ status }) => status === 201)!.data.id}`;
  assertEquals(
    refusal(await alice.rest("POST", "/crm_contacts", [{ first_name: "F" }, { first_name: "G" }])),
    over("contacts", 3),
  );
  assertEquals((await alice.post("/contacts", { first_name: "Fred" })).status, 201);
  assertEquals([await counted(alice, "contacts"), await counted(bob, "contacts")], [3, 1]);
});

Deno.test("near the limit a writer waits for the one before, and is refused when that one has taken the last place", async () => {
  const { alice } = await limited("contacts", 1);
  const add = (tx: typeof sql | postgres.TransactionSql) =>
    tx`insert into crm_contacts (company_id, first_name) values (${alice.companyId}, 'Rita')`;
  const added = Promise.withResolvers<void>();
  const waited = Promise.withResolvers<void>();
  const first = sql.begin(async (tx) => {
    await add(tx);
    added.resolve();
    await waited.promise;
  });
  await added.promise;
  const second = refused(add(sql));
  await eventually(async () => {
    const waiting = await sql`select from pg_locks where locktype = 'advisory' and not granted`;
    return waiting.length > 0;
  });
  waited.resolve();
  await first;

  assertMatch(await second, /^PGRST .*over the limit of your workspace: contacts, at most 1/);
  assertEquals(await counted(alice, "contacts"), 1);
});

Deno.test("a request counts while it is open: not once it is withdrawn, lapsed or submitted", async () => {
  const { alice } = await limited("open_requests", 2);
  const people = await Promise.all(
    ["rita", "fred", "gina"].map((name) =>
      alice.creates("/contacts", { first_name: name, email: `${name}@example.com` })
    ),
  );
  const ask = (person: Json) => alice.post("/referrals/request", { contact_id: person.id });
  const [first, second] = [await ask(people[0]), await ask(people[1])];
  assertEquals(refusal(await ask(people[2])), over("open requests", 2));
  assertEquals((await alice.get("/referrals/requests")).body.pagination.total, 2);

  assertEquals((await alice.delete(`/referrals/requests/${first.data.request_id}`)).status, 204);
  assertEquals(await counted(alice, "open_requests"), 1);
  const third = await ask(people[2]);
  assertEquals(third.status, 201);
  assertEquals(
    refusal(await alice.post(`/referrals/requests/${first.data.request_id}/resend`)),
    over("open requests", 2),
  );
  await sql`update referral_requests set expires_at = now() - interval '1 day' where id = ${third.data.request_id}`;
  assertEquals(await counted(alice, "open_requests"), 1);
  await sql`delete from referral_requests where id = ${second.data.request_id}`;
  assertEquals(await counted(alice, "open_requests"), 0);
});

Deno.test("automations, their actions and subscriptions are limited too, also when they are added at once", async () => {
  const { alice, bob } = await limited("automations", 2);
  await sql`
    insert into private.workspace_limits values
      (${alice.companyId}, 'actions', 2), (${alice.companyId}, 'subscriptions', 2)`;
  const many = (person: Person, path: string, body: (at: number) => Json) =>
    Promise.all(Array.from({ length: 4 }, (_, at) => person.post(path, body(at))));
  const automation = { name: "Tell", trigger_type: "referral_attributed" };

  const automations = await many(alice, "/automations", () => automation);
  const [{ data: { id } }, { data: { id: other } }] = automations.filter(({ status }) => status === 201);
  const actions = await many(alice, `/automations/${id}/actions`, () => ({ action_type: "attribute_referral" }));
  const subscriptions = await many(alice, "/webhooks/subscriptions", (at) => ({
    url: `http://127.0.0.1:9/${at}`,
    events: ["referral_attributed"],
  }));

  for (const [title, answers] of Object.entries({ automations, actions, subscriptions })) {
    assertEquals(answers.map(({ status }) => status).sort(), [201, 201, 409, 409], title);
    assertEquals(refusal(answers.find(({ status }) => status === 409)!), over(title, 2));
  }
  assertEquals((await alice.post(`/automations/${other}/actions`, { action_type: "attribute_referral" })).status, 201);
  assertEquals((await many(bob, "/automations", () => automation)).map(({ status }) => status), [201, 201, 201, 201]);
  assertEquals((await alice.get("/automations")).body.pagination.total, 2);
});

Deno.test("a workspace that ends takes its counts along", async () => {
  const alice = await workspace("Alice's clinic");
  await alice.creates("/contacts", { first_name: "Rita" });
  await sql`delete from companies where id = ${alice.companyId}`;
  assertEquals([...await sql`select from private.row_counts where company_id = ${alice.companyId}`], []);
});

Deno.test("the operator sets limits and sees them, and a wrong one changes nothing", async () => {
  const alice = await workspace("Alice's clinic");
  const company = ["--company", alice.companyId];
  const set = await limits(...company, "--set", "contacts=5", "--set", "mails_per_day=7");
  assertEquals([set.code, set.printed.split("\n").slice(0, 3)], [0, [
    "mails_per_day=7",
    "contacts=5",
    "automations=100  (default)",
  ]]);
  for (
    const [args, sentence] of [
      [[...company, "--set", "contacts=0"], "a value from 1"],
      [[...company, "--set", "contacts=6", "--set", "friends=6"], 'There is no limit "friends"'],
      [["--company", "nobody", "--set", "contacts=6"], "--company takes a company's id"],
      [["--company", crypto.randomUUID(), "--set", "contacts=6"], "There is no company"],
      [[...company, "--colour", "red"], "Unknown option"],
    ] as const
  ) {
    const { code, said } = await limits(...args);
    assertEquals(code, 1);
    assertStringIncludes(said, sentence);
  }
  const kept = await limits(...company, "--reset", "mails_per_day");
  assertEquals(kept.printed.split("\n").slice(0, 2), ["mails_per_day=1000  (default)", "contacts=5"]);
});
