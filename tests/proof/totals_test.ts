import { assert, assertEquals } from "@std/assert";
import { sql, workspace } from "../world/world.ts";

const workspaces = 363;
const most = 75_000;

Deno.test("the total of the one large workspace among many is right, and so are those of the small ones", async () => {
  const [large, small] = [await workspace("Harbour Health"), await workspace("Bob's brokers")];
  await sql`
    insert into companies (name) select 'Totals ' || number from generate_series(3, ${workspaces}::integer) as number`;
  try {
    await sql`
      insert into crm_contacts (company_id, first_name)
      select companies.id, 'Rita'
      from companies, generate_series(1, 20 + (hashtext(companies.id::text) & 63))
      where name like 'Totals %' or companies.id = ${small.companyId}`;
    await sql`
      insert into crm_contacts (company_id, first_name)
      select ${large.companyId}, 'Rita' from generate_series(1, ${most}::integer)`;
    await sql`analyze crm_contacts`;
    const [{ count }] = await sql`
      select count(*)::integer from crm_contacts where company_id = ${small.companyId}`;

    const first = await large.get("/contacts?limit=1");
    const next = await large.get(`/contacts?limit=1&after=${first.body.pagination.next_cursor}`);
    for (const { body: { pagination } } of [first, next]) {
      assert(Math.abs(pagination.total - most) < most / 20, `${pagination.total}`);
      assertEquals(pagination.total_is_estimate, true);
    }
    const { pagination } = (await small.get("/contacts?limit=1")).body;
    assertEquals([pagination.total, pagination.total_is_estimate], [count, undefined]);
  } finally {
    await sql`delete from companies where name like 'Totals %' or id = ${large.companyId}`;
    await sql`analyze crm_contacts`;
  }
});
