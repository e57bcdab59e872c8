import { assert, assertEquals } from "@std/assert";
import postgres from "postgres";
import { contents } from "../world/contents.ts";
import { rowsOf } from "../world/every_endpoint.ts";
import { type Json, type Person, sql, stack, world } from "../world/world.ts";

Deno.test("functions outside of the exposed schema cannot be called, and those in it give nothing of bob's", async () => {
  const { alice, bob } = await world();
  const [mine, theirs] = [await rowsOf(alice), await rowsOf(bob)];
  const [contact] = await sql`select email from crm_contacts where id = ${theirs.fields.referrer_contact_id}`;
  const { referrer_contact_id, referred_contact_id, referred_deal_id } = theirs.fields;
  const hidden = await sql<{ name: string }[]>`
    select proname as name from pg_proc
    where pronamespace = 'private'::regnamespace
      and proname not in (select proname from pg_proc where pronamespace = 'public'::regnamespace)
  `;
  const before = await contents(bob);

  for (const name of [...hidden.map(({ name }) => name), "pg_sleep", "set_config", "current_setting", "version"]) {
    const reply = await alice.rest("POST", `/rpc/${name}`, {});
    assertEquals([name, reply.status, reply.body.code], [name, 404, "PGRST202"]);
  }
  const answers = await Promise.all([
    alice.rest("POST", "/rpc/contact_with_email", { email: contact.email }),
    alice.rest("POST", "/rpc/referral_in_the_way", {
      chain: { referrer_contact_id, referred_contact_id, referred_deal_id },
    }),
    alice.rest("POST", "/rpc/referral_in_the_way", { chain: {}, changed_id: theirs.paths["/referrals"] }),
    alice.rest("POST", "/rpc/move_opportunity", {
      opportunity_id: referred_deal_id,
      target_pipeline_id: mine.fields.pipeline_id,
      target_stage_id: mine.fields.stage_id,
    }),
  ]);
  assertEquals(answers.map(({ status, body }) => [status, body]), [[200, null], [200, null], [200, null], [200, null]]);
  assertEquals(await contents(bob), before);
});

Deno.test("a forged row handed to a computed field gives nothing of bob's", async () => {
  const { alice, bob } = await world();
  const [mine, theirs] = [await rowsOf(alice), await rowsOf(bob)];
  const [owned, foreign] = [await contents(alice), await contents(bob)];
  const secrets = Object.values(theirs.fields);
  const computed = await sql<{ name: string; table: string }[]>`
    select proname as name, typname as table from pg_proc
    join pg_type on pg_type.oid = proargtypes[0]
    where pronamespace = 'public'::regnamespace and pronargs = 1 and typtype = 'c'
      -- These read nothing but the row they are given.
      and proname not in ('listed_at', 'status', 'run_id', 'next_attempt_at')
    order by 1, 2
  `;
  assert(computed.length >= 7);

  for (const { name, table } of computed) {
    const id = { crm_deals: "referred_deal_id", crm_pipelines: "pipeline_id" }[table];
    const path = table === "automation_runs" ? "/automations/runs" : `/${table}`;
    const find = (rows: Json[], of: typeof mine) =>
      rows.find((row) => row.id === (id ? of.fields[id] : of.paths[path]));
    const real = find(owned[table], mine);
    const hidden = { ...find(foreign[table], theirs), company_id: alice.companyId };
    const mixed = { ...hidden, id: real.id };
    const compute = (row: Json) =>
      asKey(alice, (tx) =>
        tx`
      select ${tx(`public.${name}`)}(jsonb_populate_record(null::${tx(`public.${table}`)}, ${tx.json(row)})) as given
    `);

    const [own, forged, blend] = [await compute(real), await compute(hidden), await compute(mixed)];

    assertEquals([name, own === null || own.length === 0], [name, false]);
    assertEquals([name, forged], [name, Array.isArray(own) ? [] : null]);
    assertEquals([name, blend, secrets.filter((id) => JSON.stringify(blend).includes(id))], [name, own, []]);
  }
});

/** `given` of a query as the data API would run it for the person: the only way to hand a row over by hand. */
async function asKey(
  { companyId, keyId }: Person,
  query: (tx: postgres.TransactionSql) => postgres.PendingQuery<Json[]>,
): Promise<Json> {
  const claims = { role: "api_key", sub: keyId, company_id: companyId, scopes: ["admin"] };
  const superuser = postgres(stack.superuserUrl, { max: 1 });
  try {
    return await superuser.begin(async (tx) => {
      await tx`select set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
      await tx`set local role api_key`;
      const [{ given }] = await query(tx);
      return given;
    });
  } finally {
    await superuser.end();
  }
}
