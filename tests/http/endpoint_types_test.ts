import { z } from "zod";
import { keyed } from "../../supabase/functions/api/http/endpoint.ts";
import { listQuery, readPage, readQuery, readRow } from "../../supabase/functions/api/data/lists.ts";
import { present } from "../../supabase/functions/api/data/rows.ts";
import { columnsOf } from "../../supabase/functions/api/data/columns.ts";
import type { Database } from "../../supabase/functions/api/data/database.ts";
import { Contact, contactResource } from "../../supabase/functions/api/contacts/schema.ts";

const Named = z.object({ id: z.guid(), name: z.string().nullable() });
const contract = { method: "get", path: "/names", summary: "", scope: null } as const;
const [id, name] = [crypto.randomUUID(), "Grace"];

// The compiler is the test: each line below an `@ts-expect-error` fails `deno check` once it compiles.
Deno.test("a handler that breaks its contract does not compile", () => {
  keyed({ ...contract, answer: Named }, () => Promise.resolve({ data: { id, name } }));
  keyed({ ...contract, answer: Named }, () => Promise.resolve({ data: { id, name: null }, location: "/names/1" }));
  // @ts-expect-error: it lacks a key
  keyed({ ...contract, answer: Named }, () => Promise.resolve({ data: { id } }));
  // @ts-expect-error: a key has another type
  keyed({ ...contract, answer: Named }, () => Promise.resolve({ data: { id, name: 1 } }));
  // @ts-expect-error: nobody knows what it is
  keyed({ ...contract, answer: Named }, () => Promise.resolve({ data: {} as Record<string, unknown> }));
  // @ts-expect-error: there is no data
  keyed({ ...contract, answer: Named }, () => Promise.resolve({}));
  // @ts-expect-error: an array is no object
  keyed({ ...contract, answer: Named }, () => Promise.resolve({ data: [{ id, name }] }));

  const pagination = { limit: 20, total: 1, has_more: false, next_cursor: null, prev_cursor: null };
  keyed({ ...contract, list: Named }, () => Promise.resolve({ data: [{ id, name }], pagination }));
  // @ts-expect-error: a page says where it stands
  keyed({ ...contract, list: Named }, () => Promise.resolve({ data: [{ id, name }] }));
  // @ts-expect-error: a row lacks a key
  keyed({ ...contract, list: Named }, () => Promise.resolve({ data: [{ id }], pagination }));

  keyed({ ...contract, method: "delete", status: 204 }, () => Promise.resolve({}));
});

Deno.test("some keys will do where the caller may choose fields, and only there", () => {
  const query = readQuery(contactResource);
  keyed(
    { ...contract, query, answer: Contact },
    async ({ query, database }) => ({ data: await readRow(database, contactResource, id, query) }),
  );
  keyed(
    { ...contract, answer: Contact },
    // @ts-expect-error: this one answers every field
    async ({ database }) => ({ data: await readRow(database, contactResource, id) }),
  );
  keyed(
    { ...contract, query: listQuery(contactResource), list: Contact },
    ({ query, database }) => readPage(database, contactResource, query),
  );
  keyed(
    { ...contract, query: listQuery(contactResource), list: z.object({ id: z.number() }) },
    // @ts-expect-error: an id is no number
    ({ query, database }) => readPage(database, contactResource, query),
  );
});

Deno.test("a row is presented whole, and a selection has columns that are there", () => {
  const whole = (row: z.output<typeof Named>): z.output<typeof Named> => present(Named, row);
  whole({ id, name });
  // @ts-expect-error: a column was not selected
  present(Named, { id });

  const reading = async (database: Database) => {
    const columns = columnsOf(Contact.pick({ id: true, email: true }));
    const row = await database.row((client) => client.from("crm_contacts").select(columns));
    const email: string | null = row.email;
    // @ts-expect-error: it was not selected
    row.phone;
    // @ts-expect-error: companies have no such column
    (await database.row((client) => client.from("companies").select(columns))).email;
    return email;
  };
  void reading;
});
