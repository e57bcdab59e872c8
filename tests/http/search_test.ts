import { assertEquals } from "@std/assert";
import { folded } from "../../supabase/functions/api/contract/folding.ts";
import { type Json, type Person, sql, world } from "../world/world.ts";

/** The ids that a list gives, once its total has been found to say the same. */
async function ids(person: Person, path: string): Promise<string[]> {
  const { status, text, body } = await person.get(path);
  assertEquals(status, 200, `${path}: ${text}`);
  assertEquals(body.pagination.total, body.data.length, path);
  return body.data.map((row: Json) => row.id);
}

const hostile = [
  ..."%*_\\(),.\"'^$|+?[]{}:;&#/@~-!=<>`",
  "😀",
  "किरण",
  "or=(",
  "eq.",
  "%25",
  "\\d",
  "(?i)",
  "***:",
];

for (
  const { path, table, column } of [
    { path: "/contacts", table: "crm_contacts", column: "first_name" },
    { path: "/opportunities", table: "crm_deals", column: "name" },
  ]
) {
  Deno.test(`search on ${path} takes every character for itself`, async () => {
    const { alice, bob } = await world();
    // A line break is no part of a name, but may be searched for.
    const names = [
      ...hostile.filter((text) => text !== "\n").map((text) => `q${text}z`),
      "qz",
      "qxz",
      "qqzz",
      "q1z",
      "Q",
    ];
    for (const { companyId } of [alice, bob]) {
      await sql`insert into ${sql(table)} (company_id, ${sql(column)})
        select ${companyId}, name from unnest(${names}::text[]) as name`;
    }
    const rows = await sql`select id, ${sql(column)} as name from ${sql(table)} where company_id = ${alice.companyId}`;

    const texts = [...hostile.map((text) => `q${text}z`), "QxZ", "zzz", ...hostile.filter((text) => text.trim())];
    await Promise.all(texts.map(async (text) => {
      const words = folded(text).split(/\s+/);
      const wanted = rows.filter(({ name }) => words.every((word) => folded(name).includes(word))).map(({ id }) => id);
      const found = await ids(alice, `${path}?limit=100&search=${encodeURIComponent(text)}`);
      assertEquals(found.sort(), wanted.sort(), `search=${text}`);
    }));
    for (const refused of ["", "%20", "a%00b", "a".repeat(201)]) {
      const reply = await alice.get(`${path}?search=${refused}`);
      assertEquals([reply.status, reply.error.code, reply.error.details.fields[0].path], [
        400,
        "VALIDATION_ERROR",
        "search",
      ]);
    }
  });
}

Deno.test("search finds a contact by each name, by both, by email and by phone, in any case", async () => {
  const { alice } = await world();
  const grace = { first_name: "Grace", last_name: "Okafor", email: "g.okafor@example.com", phone: "0412 000 101" };
  const { id } = await alice.creates("/contacts", grace);
  await alice.creates("/contacts", { first_name: "Noah", last_name: "Graceland", job_title: "Okafor's nurse" });

  for (const text of ["okaf", "GRACE OKAFOR", "g.okafor@EXAMPLE", "%2B61412", "%20okafor%20"]) {
    assertEquals(await ids(alice, `/contacts?search=${text}`), [id], text);
  }
  assertEquals((await ids(alice, "/contacts?search=grace")).length, 2);
});
