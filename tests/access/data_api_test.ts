import { assertEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { rowsOf } from "../world/every_endpoint.ts";
import { type Json, type Reply, sql, world } from "../world/world.ts";

const answer = ({ status, body }: Reply) => [status, body?.code];

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

Deno.test("what is not in the exposed schema is neither read nor called", async () => {
  const { alice } = await world();
  const hidden = await sql<{ name: string }[]>`
    select proname as name from pg_proc
    where pronamespace = 'private'::regnamespace
      and proname not in (select proname from pg_proc where pronamespace = 'public'::regnamespace)
  `;

  for (const name of [...hidden.map(({ name }) => name), "pg_sleep", "set_config", "current_setting", "version"]) {
    assertEquals([name, ...answer(await alice.rest("POST", `/rpc/${name}`, {}))], [name, 404, "PGRST202"]);
  }
  for (const schema of ["private", "pg_catalog", "supabase_migrations"]) {
    const read = await alice.rest("GET", "/referrer_counts", undefined, { headers: { "accept-profile": schema } });
    const called = await alice.rest("POST", "/rpc/company_for", {}, { headers: { "content-profile": schema } });
    assertEquals([schema, answer(read), answer(called)], [schema, [406, "PGRST106"], [406, "PGRST106"]]);
  }
});

Deno.test("every rule of a referral holds for who goes around the function", async () => {
  const { alice } = await world();
  const { referrer_contact_id, referred_contact_id, referred_deal_id } = (await rowsOf(alice)).fields;
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  const writer = await alice.holding("referrals:write");
  const twin = await writer.creates("/referrals", { referrer_contact_id, referred_contact_id });
  const before = await contents(alice);

  const broken: [string, Json, unknown[]][] = [
    ["oneself", { referred_contact_id: referrer_contact_id }, [409, "CONFLICT"]],
    ["twice", { referred_contact_id, referred_deal_id }, [409, "23505"]],
    ["a category off the list", { category: "Dentist" }, [400, "VALIDATION_ERROR"]],
    ["a status that is none", { status: "lost" }, [400, "23514"]],
    ["endless notes", { notes: "x".repeat(10_001) }, [400, "23514"]],
    ["a source that is ours", { source: "automation" }, [403, "42501"]],
  ];
  for (const [rule, body, expected] of broken) {
    const inserted = await writer.rest("POST", "/referrals", { referrer_contact_id, ...body });
    const changed = await writer.rest("PATCH", `/referrals?id=eq.${twin.id}`, body);

    assertEquals([rule, answer(inserted), answer(changed)], [rule, expected, expected]);
  }
  assertEquals(await contents(alice), before);

  const become = (status: string) =>
    writer.rest("PATCH", `/referrals?id=eq.${twin.id}`, { status }, { headers: { prefer: "return=representation" } });
  const [converted, declined] = [await become("converted"), await become("declined")];
  assertEquals([typeof converted.body[0].converted_at, declined.body[0].converted_at], ["string", null]);
  assertEquals([converted.body[0].created_by, converted.body[0].source], [writer.keyId, "manual"]);
});
