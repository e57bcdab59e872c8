import { assertEquals } from "@std/assert";
import { contents } from "../world/contents.ts";
import { nowhere, rowsOf } from "../world/every_endpoint.ts";
import { type Json, type Person, type Reply, sql, world } from "../world/world.ts";

const representation = { headers: { prefer: "return=representation" } };
const upsert = { headers: { prefer: "resolution=merge-duplicates,return=representation" } };
const answer = ({ status, body }: Reply) => [status, body?.code];

Deno.test("who may only read referrals writes none, whichever verb she takes", async () => {
  const { alice } = await world();
  const { fields, paths } = await rowsOf(alice);
  const { referrer_contact_id } = fields;
  const id = paths["/referrals"];
  const reader = await alice.holding("referrals:read");
  const before = await contents(alice);

  const inserted = await reader.rest("POST", "/referrals", { referrer_contact_id });
  const shown = await reader.rest("POST", "/referrals", { referrer_contact_id }, representation);
  const merged = await reader.rest("POST", "/referrals", { id, referrer_contact_id, notes: "Mine" }, upsert);
  const ignored = await reader.rest("POST", "/referrals", { referrer_contact_id }, {
    headers: { prefer: "resolution=ignore-duplicates" },
  });
  const changed = await reader.rest("PATCH", `/referrals?id=eq.${id}`, { notes: "Mine" }, representation);
  const deleted = await reader.rest("DELETE", `/referrals?id=eq.${id}`, undefined, representation);

  assertEquals([inserted, shown, merged, ignored].map(answer), Array(4).fill([403, "42501"]));
  assertEquals([changed, deleted].map(({ status, body }) => [status, body]), [[200, []], [200, []]]);
  assertEquals(await contents(alice), before);
});

Deno.test("who may write referrals sets no column that is not a caller's, and no source of ours", async () => {
  const { alice, bob } = await world();
  const { fields, paths } = await rowsOf(alice);
  const writer = await alice.holding("referrals:write", "referrals:delete");
  const before = await contents(alice);

  for (
    const forbidden of [
      { company_id: bob.companyId },
      { company_id: alice.companyId },
      { id: crypto.randomUUID() },
      { created_by: null },
      { converted_at: "2020-01-01T00:00:00Z" },
      { created_at: "2020-01-01T00:00:00Z" },
      { updated_at: "2020-01-01T00:00:00Z" },
      { source: "automation" },
    ]
  ) {
    const referral = { referrer_contact_id: fields.referrer_contact_id, ...forbidden };
    const inserted = await writer.rest("POST", "/referrals", referral);
    const changed = await writer.rest("PATCH", `/referrals?id=eq.${paths["/referrals"]}`, forbidden);

    assertEquals([forbidden, answer(inserted), answer(changed)], [forbidden, [403, "42501"], [403, "42501"]]);
  }
  const moved = await writer.rest("PATCH", `/referrals?id=eq.${paths["/referrals"]}`, {
    referrer_contact_id: fields.contact_id,
  });
  assertEquals(answer(moved), [403, "42501"]);
  assertEquals(await contents(alice), before);
});

Deno.test("every rule of a referral holds for who goes around the function", async () => {
  const { alice, bob } = await world();
  const [mine, theirs] = [await rowsOf(alice), await rowsOf(bob)];
  const { referrer_contact_id, referred_contact_id, referred_deal_id } = mine.fields;
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  const writer = await alice.holding("referrals:write");
  const twin = await writer.creates("/referrals", { referrer_contact_id, referred_contact_id });
  const before = [await contents(alice), await contents(bob)];

  const broken: [string, Json, unknown[]][] = [
    ["oneself", { referred_contact_id: referrer_contact_id }, [409, "CONFLICT"]],
    ["twice", { referred_contact_id, referred_deal_id }, [409, "23505"]],
    ["a category off the list", { category: "Dentist" }, [400, "VALIDATION_ERROR"]],
    ["a status that is none", { status: "lost" }, [400, "23514"]],
    ["endless notes", { notes: "x".repeat(10_001) }, [400, "23514"]],
    ["a foreign contact", { referred_contact_id: theirs.fields.contact_id }, [409, "23503"]],
    ["a foreign opportunity", { referred_deal_id: theirs.fields.deal_id }, [409, "23503"]],
  ];
  for (const [rule, body, expected] of broken) {
    const inserted = await writer.rest("POST", "/referrals", { referrer_contact_id, ...body });
    const changed = await writer.rest("PATCH", `/referrals?id=eq.${twin.id}`, body);

    assertEquals([rule, answer(inserted), answer(changed)], [rule, expected, expected]);
  }
  assertEquals([await contents(alice), await contents(bob)], before);

  const converted = await writer.rest("PATCH", `/referrals?id=eq.${twin.id}`, { status: "converted" }, representation);
  const declined = await writer.rest("PATCH", `/referrals?id=eq.${twin.id}`, { status: "declined" }, representation);
  assertEquals([typeof converted.body[0].converted_at, declined.body[0].converted_at], ["string", null]);
  assertEquals([converted.body[0].created_by, converted.body[0].source], [writer.keyId, "manual"]);
});

Deno.test("a reference to a foreign row reads as one to none, also where the foreign rows already stand so", async () => {
  const { alice, bob } = await world();
  const theirs = await rowsOf(bob);
  await rowsOf(alice);
  const before = [await contents(alice), await contents(bob)];
  const bodies: [string, (fields: Record<string, string>) => Json][] = [
    ["/referrals", ({ referrer_contact_id, referred_contact_id, referred_deal_id }) => (
      { referrer_contact_id, referred_contact_id, referred_deal_id }
    )],
    ["/crm_deal_placements", ({ deal_id, pipeline_id, stage_id }) => ({ deal_id, pipeline_id, stage_id })],
    ["/crm_deals", ({ contact_id }) => ({ name: "Mine", contact_id })],
    ["/crm_pipeline_stages", ({ pipeline_id }) => ({ pipeline_id, name: "Mine" })],
  ];

  for (const [path, body] of bodies) {
    const hidden = await alice.rest("POST", path, body(theirs.fields));
    const missing = await alice.rest("POST", path, body(nowhere().fields));

    assertEquals([path, ...answer(hidden)], [path, 409, "23503"]);
    assertEquals([path, hidden.text], [path, missing.text]);
  }
  assertEquals([await contents(alice), await contents(bob)], before);
});

Deno.test("who may write opportunities sets no primary referrer, which the referrals keep", async () => {
  const { alice } = await world();
  const { fields } = await rowsOf(alice);
  const dealer = await alice.holding("opportunities:write");
  const before = await contents(alice);

  for (const kept of [{ primary_referrer_contact_id: null }, { primary_referrer_category: "MRI" }]) {
    const inserted = await dealer.rest("POST", "/crm_deals", { name: "Fred's hip", ...kept });
    const changed = await dealer.rest("PATCH", `/crm_deals?id=eq.${fields.deal_id}`, kept);

    assertEquals([kept, answer(inserted), answer(changed)], [kept, [403, "42501"], [403, "42501"]]);
  }
  assertEquals(await contents(alice), before);
});

Deno.test("alice changes and deletes no row of bob's, named or swept up", async () => {
  const { alice, bob } = await world();
  const theirs = await rowsOf(bob);
  const before = await contents(bob);
  const changes: Record<string, Json> = {
    companies: { name: "Alice's now" },
    company_settings: { referral_categories: ["Alice's"] },
    crm_contacts: { first_name: "Alice's" },
    crm_deals: { name: "Alice's" },
    crm_deal_placements: { position: 7 },
    referrals: { notes: "Alice's" },
  };

  for (const [table, change] of Object.entries(changes)) {
    const owner = table === "companies" ? "id" : "company_id";
    const named = await alice.rest("PATCH", `/${table}?${owner}=eq.${bob.companyId}`, change, representation);
    assertEquals([table, named.status, named.body], [table, 200, []]);
    assertEquals([table, (await alice.rest("PATCH", `/${table}?${owner}=not.is.null`, change)).status], [table, 204]);
  }
  const deleted = await alice.rest(
    "DELETE",
    `/referrals?id=eq.${theirs.paths["/referrals"]}`,
    undefined,
    representation,
  );
  const swept = await alice.rest("DELETE", `/referrals?id=not.is.null`);
  const merged = await alice.rest("POST", "/referrals?on_conflict=id", {
    id: theirs.paths["/referrals"],
    referrer_contact_id: theirs.fields.referrer_contact_id,
  }, upsert);

  assertEquals([deleted.status, deleted.body, swept.status], [200, [], 204]);
  assertEquals(answer(merged), [403, "42501"]);
  assertEquals(await contents(bob), before);
});

Deno.test("a key without the scope hears nothing of the rules it would break", async () => {
  const { alice } = await world();
  const { fields } = await rowsOf(alice);
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  const stranger = await alice.holding("contacts:write");
  const before = await contents(alice);

  for (const broken of [{ category: "Dentist" }, { referred_contact_id: fields.referrer_contact_id }]) {
    const refused = await stranger.rest("POST", "/referrals", {
      referrer_contact_id: fields.referrer_contact_id,
      ...broken,
    });
    assertEquals([broken, ...answer(refused), refused.body.hint], [broken, 403, "42501", null]);
  }
  assertEquals(await contents(alice), before);
});

Deno.test("a key whose row was narrowed sees and writes nothing around the function; a dead one is told so", async () => {
  const { alice } = await world();
  const { fields } = await rowsOf(alice);
  const tables = ["companies", "company_settings", "crm_contacts", "crm_deals", "crm_pipelines", "referrals"];
  const read = (key: Person) => Promise.all(tables.map((table) => key.rest("GET", `/${table}?select=*`)));
  const write = (key: Person) => key.rest("POST", "/referrals", { referrer_contact_id: fields.referrer_contact_id });
  const before = await contents(alice);
  assertEquals((await read(alice)).map(({ body }) => body.length > 0), tables.map(() => true));

  await sql`update api_keys set scopes = '{webhooks:read}' where id = ${alice.keyId}`;
  assertEquals((await read(alice)).map(({ status, body }) => [status, body]), tables.map(() => [200, []]));
  assertEquals(answer(await write(alice)), [403, "42501"]);

  await sql`update api_keys set scopes = '{admin}', revoked_at = now() where id = ${alice.keyId}`;
  assertEquals((await read(alice)).map(answer), tables.map(() => [401, "UNAUTHORIZED"]));
  assertEquals(answer(await write(alice)), [401, "UNAUTHORIZED"]);
  assertEquals({ ...await contents(alice), api_keys: [] }, { ...before, api_keys: [] });
});

Deno.test("a view is written by nobody, and refuses like what is not granted", async () => {
  const { alice } = await world();
  await rowsOf(alice);
  const before = await contents(alice);
  const answers: Record<string, unknown> = {};

  for (const view of ["placed_deals", "expired_requests"]) {
    const own = `/${view}?company_id=eq.${alice.companyId}`;
    assertEquals((await alice.rest("GET", own)).body.length, 1, view);
    answers[view] = await Promise.all([
      alice.rest("POST", `/${view}`, { company_id: alice.companyId }),
      alice.rest("PATCH", own, { company_id: alice.companyId }),
      alice.rest("DELETE", own),
    ]).then((replies) => replies.map(answer));
  }

  const refused = [[403, "42501"], [403, "42501"], [403, "42501"]];
  assertEquals(answers, { placed_deals: refused, expired_requests: refused });
  assertEquals(await contents(alice), before);
});
