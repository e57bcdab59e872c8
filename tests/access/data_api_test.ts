import { assert, assertEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { rowsOf } from "../world/every_endpoint.ts";
import { type Json, type Person, rest, sql, world } from "../world/world.ts";

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const tables = (await sql<{ name: string }[]>`
  select relname as name from pg_class
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') order by relname
`).map(({ name }) => name);

const readable = tables.filter((table) => table !== "api_keys");
const owner = (table: string) => table === "companies" ? "id" : "company_id";

/** What nobody else may ever read: each id and email of the workspace. */
async function secretsOf(person: Person): Promise<string[]> {
  const text = JSON.stringify(await contents(person));
  return [...new Set([...text.match(uuid)!, ...text.match(/[\w-]+@example\.com/g)!])];
}

const leaks = (text: string, secrets: string[]) => secrets.filter((secret) => text.includes(secret));

Deno.test("each scope sees the rows of its own tables and of no other", async () => {
  const { alice } = await world();
  await rowsOf(alice);
  const seen = {
    "referrals:read": ["expired_requests", "referral_requests", "referrals"],
    "contacts:read": ["crm_contacts"],
    "opportunities:read": ["crm_deal_placements", "crm_deals", "placed_deals"],
    "pipelines:read": ["crm_pipeline_stages", "crm_pipelines"],
    "company:read": ["companies", "company_settings"],
    "automations:read": ["automation_actions", "automation_runs", "automations"],
    "webhooks:read": ["webhook_deliveries", "webhook_subscriptions"],
  };

  for (const [scope, visible] of Object.entries(seen)) {
    const key = await alice.holding(scope);
    const found = await Promise.all(readable.map(async (table) => {
      const { status, body } = await key.rest("GET", `/${table}?select=*`);
      assertEquals([table, status], [table, 200]);
      return body.length > 0 ? table : null;
    }));

    assertEquals(found.filter((table) => table !== null), visible, scope);
  }
});

Deno.test("who reads referrals gets of a contact what the contract inlines, and no list of contacts", async () => {
  const { alice } = await world();
  const { fields } = await rowsOf(alice);
  const reader = await alice.holding("referrals:read");

  const listed = await reader.rest("GET", "/crm_contacts?select=id,first_name");
  const embedded = await reader.rest(
    "GET",
    "/referrals?select=contact:crm_contacts!referrals_referrer_contact_fkey(*)",
  );
  const inlined = await reader.rest("GET", "/referrals?select=referrer,opportunity");
  const asked = await reader.rest("POST", "/rpc/contact_with_email", { email: "rita@example.com" });

  assertEquals([listed.status, listed.body], [200, []]);
  assertEquals([embedded.status, embedded.body], [200, [{ contact: null }]]);
  assertEquals(inlined.body[0].referrer.id, fields.referrer_contact_id);
  assertEquals(Object.keys(inlined.body[0].referrer).sort(), [
    "email",
    "first_name",
    "id",
    "job_title",
    "last_name",
    "phone",
  ]);
  assertEquals(Object.keys(inlined.body[0].opportunity).sort(), [
    "contact_id",
    "currency",
    "id",
    "name",
    "status",
    "value",
  ]);
  assertEquals([asked.status, asked.body], [200, null]);
});

Deno.test("alice, who may do all in her workspace, finds nothing of bob's, however she asks", async () => {
  const { alice, bob } = await world();
  const [, theirs] = [await rowsOf(alice), await rowsOf(bob)];
  const [own, secrets] = [await secretsOf(alice), await secretsOf(bob)];
  const references = await sql<{ name: string; source: string; target: string }[]>`
    select conname as name, conrelid::regclass::text as source, confrelid::regclass::text as target
    from pg_constraint
    where contype = 'f' and connamespace = 'public'::regnamespace
      and 'api_keys'::regclass not in (conrelid, confrelid)
  `;
  const ids = Object.values(theirs.fields).join(",");
  const plain = readable.map((table) => `/${table}?select=*`);
  const foreign = [
    ...readable.map((table) => `/${table}?select=*&${owner(table)}=eq.${bob.companyId}`),
    ...readable.map((table) => `/${table}?select=*&${owner(table)}=neq.${alice.companyId}`),
    ...["crm_contacts", "crm_deals", "crm_pipelines", "referrals"].map((table) => `/${table}?select=*&id=in.(${ids})`),
    `/referrals?select=*,crm_deals!referrals_referred_deal_fkey!inner(*)&crm_deals.company_id=eq.${bob.companyId}`,
  ];
  const mixed = [
    ...readable.map((table) => `/${table}?select=*&order=${owner(table)}.desc`),
    ...readable.map((table) =>
      `/${table}?select=*&or=(${owner(table)}.eq.${bob.companyId},${owner(table)}.not.is.null)`
    ),
    ...references.map(({ name, source, target }) => `/${source}?select=*,${target}!${name}(*)`),
    // The embedded data API takes the unique index on a contact's email for one on its company alone, and expects one contact.
    ...references.filter(({ name }) => name !== "crm_contacts_company_id_fkey")
      .map(({ name, source, target }) => `/${target}?select=*,${source}!${name}(*)`),
    `/crm_deals?select=*,contact,referrer,placements`,
    `/crm_pipelines?select=*,stages`,
    `/referrals?select=*,referrer,referred_contact,opportunity`,
    `/rpc/referral_leaderboard?max_entries=50`,
  ];

  for (const path of [...plain, ...mixed]) {
    const { status, text } = await alice.rest("GET", path);
    assertEquals([path, status, leaks(text, secrets)], [path, 200, []]);
    assert(leaks(text, own).length > 0, `${path} shows alice nothing of hers`);
  }
  for (const path of foreign) {
    const { status, body, headers } = await alice.rest("GET", path, undefined, { headers: { prefer: "count=exact" } });
    assertEquals([path, status, body, headers.get("content-range")], [path, 200, [], "*/0"]);
  }
});

Deno.test("no key reads the keys, nor a schema that is not exposed", async () => {
  const { alice } = await world();

  for (
    const path of [
      "/api_keys",
      "/api_keys?select=id",
      "/companies?select=api_keys(*)",
      "/referrals?select=api_keys!referrals_created_by_fkey(id)",
    ]
  ) {
    const reply = await alice.rest("GET", path);
    assertEquals([path, reply.status, reply.body.code], [path, 403, "42501"]);
  }
  for (const schema of ["private", "pg_catalog", "supabase_migrations"]) {
    const read = await alice.rest("GET", "/referrer_counts", undefined, { headers: { "accept-profile": schema } });
    const called = await alice.rest("POST", "/rpc/company_for", {}, { headers: { "content-profile": schema } });
    assertEquals([schema, read.status, read.body.code], [schema, 406, "PGRST106"]);
    assertEquals([schema, called.status, called.body.code], [schema, 406, "PGRST106"]);
  }
});

Deno.test("the publishable key alone reads no table, writes none, and calls nothing", async () => {
  const { alice } = await world();
  const { fields, paths } = await rowsOf(alice);
  const before = await contents(alice);
  const everyTable = tables.flatMap((table): [string, string, Json?][] => [
    ["GET", `/${table}`],
    ["POST", `/${table}`, { [owner(table)]: alice.companyId }],
    ["PATCH", `/${table}?${owner(table)}=eq.${alice.companyId}`, { [owner(table)]: crypto.randomUUID() }],
    ["DELETE", `/${table}?${owner(table)}=eq.${alice.companyId}`],
  ]);
  const everyFunction: [string, string, Json?][] = [
    ["POST", "/rpc/calling_country", {}],
    ["POST", "/rpc/contact_with_email", { email: "rita@example.com" }],
    ["POST", "/rpc/create_pipeline", { name: "Anon's", stages: [] }],
    ["POST", "/rpc/move_opportunity", {
      opportunity_id: fields.opportunity_id,
      target_pipeline_id: fields.pipeline_id,
      target_stage_id: fields.stage_id,
    }],
    ["POST", "/rpc/take_requests", {}],
    ["POST", "/rpc/give_back_credits", { charge: crypto.randomUUID() }],
    ["POST", "/rpc/calling_key_card", {}],
    ["POST", "/rpc/referral_in_the_way", { chain: {} }],
    ["POST", "/rpc/referral_leaderboard", {}],
    ["POST", "/rpc/require_scope", {}],
    ["POST", "/rpc/start_automation_run", { automation_id: paths["/automations"], trigger_data: {} }],
    ["POST", "/rpc/create_webhook_subscription", { url: "https://example.com", events: ["stage_changed"] }],
    ["POST", "/rpc/rotate_webhook_secret", { subscription_id: paths["/webhooks/subscriptions"] }],
    ["POST", "/rpc/test_webhook", { subscription_id: paths["/webhooks/subscriptions"] }],
    ["POST", "/rpc/replay_webhook_delivery", { delivery_id: paths["/webhooks/deliveries"] }],
    ["POST", "/rpc/claim_work", { most_deliveries: 1, most_runs: 1 }],
    ["POST", "/rpc/run_job", { run_id: paths["/automations/runs"] }],
  ];

  for (const [method, path, body] of [...everyTable, ...everyFunction]) {
    const reply = await rest(method, path, body);
    assertEquals([method, path, reply.status, reply.body?.code], [method, path, 401, "42501"]);
  }
  assertEquals(await contents(alice), before);
});
