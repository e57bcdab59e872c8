import { assertEquals, assertMatch } from "@std/assert";
import postgres from "postgres";
import { ask } from "../world/ask.ts";
import { automate, settled, trigger } from "../world/automations.ts";
import { contents } from "../world/contents.ts";
import { call, chain, type Json, rest, sql, stack, world } from "../world/world.ts";

/** The entries of a row, the oldest first, without what is another every time. */
async function entriesOf(companyId: string, entity_id: string): Promise<Json[]> {
  const rows = await sql`
    select entity_type, action, changes, actor_type, actor_id, request_id, via from audit_log
    where company_id = ${companyId} and entity_id = ${entity_id} order by created_at, id
  `;
  return rows.map((row) => ({ ...row }));
}

const gist = ({ action, actor_type, actor_id, via }: Json) => [action, actor_type, actor_id, via];

Deno.test("what alice does by the API is in the log with her key and the id of her request, old values beside new ones", async () => {
  const { alice } = await world();
  const { referral, referrer } = await chain(alice);
  const headers = { "x-request-id": `req-${crypto.randomUUID()}` };

  await alice.patch(`/referrals/${referral.id}`, { status: "accepted", notes: null }, { headers });
  await alice.patch(`/referrals/${referral.id}`, { status: "accepted" }, { headers });
  await alice.patch(`/contacts/${referrer.id}`, { last_name: "Rich" }, { headers });
  await alice.delete(`/referrals/${referral.id}`, { headers });

  const by = {
    entity_type: "referral",
    actor_type: "api_key",
    actor_id: alice.keyId,
    request_id: headers["x-request-id"],
    via: "api",
  };
  const [made, changed, deleted, ...others] = await entriesOf(alice.companyId, referral.id);
  assertEquals(gist(made), ["insert", "api_key", alice.keyId, "api"]);
  assertMatch(made.request_id, /^[0-9a-f-]{36}$/);
  assertEquals(made.changes, {
    referrer_contact_id: [null, referral.referrer_contact_id],
    referred_contact_id: [null, referral.referred_contact_id],
    referred_deal_id: [null, referral.referred_deal_id],
    source: [null, "manual"],
    status: [null, "pending"],
    notes: [null, "Met at the gym"],
  });
  assertEquals(changed, {
    ...by,
    action: "update",
    changes: { status: ["pending", "accepted"], notes: ["Met at the gym", null] },
  });
  assertEquals([deleted.action, deleted.request_id, deleted.changes.status], [
    "delete",
    by.request_id,
    ["accepted", null],
  ]);
  // A change of nothing is none.
  assertEquals(others, []);
  const [, renamed] = await entriesOf(alice.companyId, referrer.id);
  assertEquals(renamed, {
    ...by,
    entity_type: "contact",
    action: "update",
    changes: { last_name: ["Referrer", "Rich"] },
  });
});

Deno.test("the log knows the way: around the function, by the form, by an automation, by SQL", async () => {
  const { alice } = await world();
  const { rita, token } = await ask(alice);
  const { opportunity } = await chain(alice);
  const automation = await automate(alice, { trigger_type: "referral_attributed" }, {
    action_type: "attribute_referral",
    config: { referrer_contact_id: rita.id, category: "By itself" },
  });

  const around = await alice.rest("POST", "/referrals", { referrer_contact_id: rita.id }, {
    headers: { prefer: "return=representation", "x-request-id": "around" },
  });
  const sent = await call("POST", `/public/referral-requests/${token}/submit`, {
    first_name: "Fred",
    phone: "+61491570156",
    consent: true,
  });
  assertEquals(sent.status, 201, sent.text);
  await sql`update crm_deals set name = 'By hand' where id = ${opportunity.id}`;
  await settled(alice);
  await trigger(alice, automation, { referred_deal_id: opportunity.id });

  const ways = await sql`
    select distinct entity_type, actor_type, actor_id, via from audit_log
    where company_id = ${alice.companyId} and via <> 'api' and entity_type <> 'api_key'
    order by via, entity_type
  `;
  const form = { actor_type: "form", actor_id: null, via: "form" };
  assertEquals(ways.map((way) => ({ ...way })), [
    { entity_type: "referral", actor_type: "automation", actor_id: automation.id, via: "automation" },
    { entity_type: "referral", actor_type: "api_key", actor_id: alice.keyId, via: "data_api" },
    // `ask` calls the data API by itself.
    { entity_type: "request", actor_type: "api_key", actor_id: alice.keyId, via: "data_api" },
    ...["contact", "opportunity", "referral", "request"].map((entity_type) => ({ entity_type, ...form })),
    ...["company", "opportunity", "settings"].map((entity_type) => ({
      entity_type,
      actor_type: "operator",
      actor_id: null,
      via: "operator",
    })),
  ]);
  const [entry] = await entriesOf(alice.companyId, around.body[0].id);
  assertEquals([entry.via, entry.request_id], ["data_api", "around"]);
});

Deno.test("whoever asks, by whatever way, an entry stays as it was written, and none is added by hand", async () => {
  const { alice } = await world();
  const { referral } = await chain(alice);
  const entries = async () => (await contents(alice)).audit_log;
  const before = await entries();
  const row = `/audit_log?entity_id=eq.${referral.id}`;
  const forged = { company_id: alice.companyId, entity_type: "referral", entity_id: referral.id, action: "delete" };

  for (const token of [alice.token, stack.secretKey, null]) {
    for (
      const [method, path, body] of [["PATCH", row, { via: "form" }], ["DELETE", row], ["POST", "/audit_log", forged]]
    ) {
      const { status } = await rest(method as string, path as string, body, {
        token,
        headers: token === stack.secretKey ? { apikey: stack.secretKey } : {},
      });
      assertEquals([method, status === 401 || status === 403], [method, true]);
    }
  }
  const own = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
  for (const statement of ["update audit_log set via = 'form'", "delete from audit_log", "truncate audit_log"]) {
    const error = await own.unsafe(statement).catch((error) => error);
    assertEquals([statement, error.code], [statement, "42501"]);
  }
  for (const role of ["service_role", "anon", "api_key", "authenticated"]) {
    for (const statement of ["update audit_log set via = 'form'", "delete from audit_log", "truncate audit_log"]) {
      const error = await own.begin(async (tx) => {
        await tx`set local role ${tx(role)}`;
        await tx.unsafe(statement);
      }).catch((error) => error);
      assertEquals([role, statement, error.code], [role, statement, "42501"]);
    }
  }
  await own.end();

  assertEquals(await entries(), before);
});

Deno.test("alice reads what was done to all, who reads referrals what was done to one, and nobody what bob did", async () => {
  const { alice, bob } = await world();
  const [{ referral, referrer }, theirs] = [await chain(alice), await chain(bob)];
  await alice.changes(`/referrals/${referral.id}`, { status: "accepted" });
  await alice.changes(`/referrals/${referral.id}`, { status: "declined" });
  const [auditor, reader] = [await alice.holding("audit:read"), await alice.holding("referrals:read")];

  const history = await reader.get(`/referrals/${referral.id}/history`);
  assertEquals(history.status, 200, history.text);
  assertEquals(history.data.map(({ changes, action }: Json) => [action, changes.status]), [
    ["update", ["accepted", "declined"]],
    ["update", ["pending", "accepted"]],
    ["insert", [null, "pending"]],
  ]);
  assertEquals(history.body.pagination.total, 3);
  const pages: Json[] = [];
  for (let after = ""; after !== "none";) {
    const { body } = await reader.get(`/referrals/${referral.id}/history?limit=1${after}`);
    assertEquals(body.error, undefined);
    pages.push(...body.data);
    after = body.pagination.next_cursor ? `&after=${body.pagination.next_cursor}` : "none";
  }
  assertEquals(pages, history.data);

  const all = await auditor.gets("/audit-log?limit=100");
  assertEquals(all.every(({ id, entity_id }: Json) => id && entity_id !== theirs.referral.id), true);
  assertEquals(await auditor.gets(`/audit-log?entity_id=${referral.id}`), history.data);
  assertEquals(
    (await auditor.gets("/audit-log?entity_type=contact&action=insert")).map((it: Json) => it.entity_id).sort(),
    [
      referrer.id,
      referral.referred_contact_id,
    ].sort(),
  );
  assertEquals(
    (await auditor.gets(`/audit-log?actor_id=${alice.keyId}&entity_type=referral&action=update`)).length,
    2,
  );
  assertEquals(await auditor.gets(`/audit-log?entity_id=${theirs.referral.id}`), []);

  const refusals = await Promise.all([
    reader.get("/audit-log"),
    auditor.get(`/referrals/${referral.id}/history`),
    reader.get(`/referrals/${theirs.referral.id}/history`),
    reader.get(`/referrals/${crypto.randomUUID()}/history`),
    auditor.get("/audit-log?entity_type=planet"),
  ]);
  assertEquals(refusals.map(({ status, error }) => [status, error.code]), [
    [403, "INSUFFICIENT_SCOPE"],
    [403, "INSUFFICIENT_SCOPE"],
    [404, "NOT_FOUND"],
    [404, "NOT_FOUND"],
    [400, "VALIDATION_ERROR"],
  ]);
  assertEquals((await reader.rest("GET", "/audit_log?select=*")).body, []);
});

Deno.test("every kind of row is in the log when it comes, changes and goes, and no entry holds a secret", async () => {
  const { alice } = await world();
  const { opportunity, friend } = await chain(alice);
  const pipeline = await alice.creates("/pipelines", {
    name: "New",
    stages: [{ name: "Enquiry" }, { name: "Booked" }],
  });
  for (const { id } of pipeline.stages) {
    await alice.post(`/opportunities/${opportunity.id}/move`, { pipeline_id: pipeline.id, stage_id: id });
  }
  const automation = await automate(alice, { trigger_type: "stage_changed", stage_id: pipeline.stages[0].id }, {
    action_type: "attribute_referral",
  });
  const [{ id: action }] = await alice.gets(`/automations/${automation.id}/actions`);
  await alice.changes(`/automations/${automation.id}/actions/${action}`, { sequence: 5 });
  const request = await alice.creates("/referrals/request", { contact_id: friend.id });
  const { secret, ...subscription } = await alice.creates("/webhooks/subscriptions", {
    url: "http://127.0.0.1:9/hooks",
    events: ["referral_attributed"],
  });
  await alice.changes(`/webhooks/subscriptions/${subscription.id}`, { enabled: false });
  const rotated = await alice.post(`/webhooks/subscriptions/${subscription.id}/rotate-secret`);
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  await alice.changes("/company", { name: "Alice's practice" });
  await sql`update api_keys set scopes = '{admin,referrals:read}' where id = ${alice.keyId}`;
  await alice.delete(`/webhooks/subscriptions/${subscription.id}`);
  await alice.delete(`/automations/${automation.id}`);
  await alice.delete(`/referrals/requests/${request.request_id}`);
  await sql`delete from crm_pipelines where id = ${pipeline.id}`;

  const kinds = await sql<{ kind: string; actions: string[] }[]>`
    select entity_type as kind, array_agg(distinct action order by action) as actions from audit_log
    where company_id = ${alice.companyId} group by 1 order by 1
  `;
  assertEquals(Object.fromEntries(kinds.map(({ kind, actions }) => [kind, actions])), {
    action: ["delete", "insert", "update"],
    api_key: ["insert", "update"],
    automation: ["delete", "insert", "update"],
    company: ["insert", "update"],
    contact: ["insert"],
    opportunity: ["insert"],
    pipeline: ["delete", "insert"],
    placement: ["delete", "insert", "update"],
    referral: ["insert"],
    request: ["insert", "update"],
    settings: ["insert", "update"],
    stage: ["delete", "insert"],
    subscription: ["delete", "insert", "update"],
  });
  const [{ log }] = await sql`
    select string_agg(to_jsonb(audit_log)::text, '') as log from audit_log where company_id = ${alice.companyId}
  `;
  const hashes = await sql<{ hash: string }[]>`
    select encode(token_hash, 'hex') as hash from private.request_links where request_id = ${request.request_id}
    union all select encode(token_hash, 'hex') from private.unsubscribe_links where company_id = ${alice.companyId}
  `;
  const secrets = [secret, rotated.data.secret, request.token, alice.token, ...hashes.map(({ hash }) => hash)];
  assertEquals(secrets.filter((text) => !text || log.includes(text)), []);
});

Deno.test("entries are kept for 400 days, and go a part at a time; a deleted workspace's go with it", async () => {
  const { alice, bob } = await world();
  await chain(alice);
  const rollBack = new Error("rolled back");
  await sql.begin(async (tx) => {
    await tx`set local referrals.audit_log_is_cleaned = ''`;
    const add = (age: string) =>
      tx`
      insert into audit_log (company_id, entity_type, entity_id, action, changes, actor_type, via, created_at)
      select ${alice.companyId}, 'referral', gen_random_uuid(), 'insert', jsonb_build_object('age', ${age}::text), 'operator',
        'operator', now() - ${age}::interval from generate_series(1, 5)`;
    await add("401 days");
    await add("399 days");
    const [{ removed }] = await tx`select private.clean_up_audit_log(2) as removed`;
    const left = await tx`
      select changes ->> 'age' as age, count(*)::int from audit_log
      where company_id = ${alice.companyId} and changes ? 'age' group by 1`;
    assertEquals([Number(removed), left.map((row) => ({ ...row }))], [5, [{ age: "399 days", count: 5 }]]);
    const error = await tx.savepoint((point) => point`delete from audit_log`).catch((error) => error);
    assertEquals(error.code, "42501");
    throw rollBack;
  }).catch((error) => {
    if (error !== rollBack) throw error;
  });

  const before = (await contents(bob)).audit_log;
  await sql`delete from companies where id = ${alice.companyId}`;

  assertEquals((await contents(alice)).audit_log, []);
  assertEquals((await contents(bob)).audit_log, before);
});
