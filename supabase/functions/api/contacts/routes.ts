import { columnsOf } from "../data/columns.ts";
import { conflictsWith } from "../data/conflicts.ts";
import type { Database } from "../data/database.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { listQuery, readPage, readQuery, readRow } from "../data/lists.ts";
import { present } from "../data/rows.ts";
import { ById } from "../contract/values.ts";
import { callingCountry, completePhone } from "./phone.ts";
import { Contact, ContactChange, contactResource, NewContact } from "./schema.ts";

const columns = columnsOf(Contact);

const emailTaken = { path: "email", message: "is another contact's already" };

type Writing = { sent: Record<string, unknown>; database: Database };
const complete = ({ sent, database }: Writing) => completePhone(sent, () => callingCountry(database));

export const contactEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/contacts",
    summary: "List contacts",
    scope: "contacts:read",
    query: listQuery(contactResource),
    list: Contact,
  }, ({ query, database }) => readPage(database, contactResource, query)),

  keyed({
    method: "post",
    path: "/contacts",
    summary: "Add a contact",
    description:
      "Emails compare without case and name one contact of a workspace; phones are stored as E.164, with their extension.",
    scope: "contacts:write",
    body: NewContact,
    complete,
    answer: Contact,
    status: 201,
    refusals: ["CONFLICT"],
  }, async ({ body, database }) => {
    const row = await database
      .row((client) => client.from("crm_contacts").insert(body).select(columns))
      .catch(
        conflictsWith(database, (client) => client.rpc("contact_with_email", { email: body.email ?? "" }), emailTaken),
      );
    return { data: present(Contact, row), location: `/contacts/${row.id}` };
  }),

  keyed({
    method: "get",
    path: "/contacts/:id",
    summary: "Read a contact",
    scope: "contacts:read",
    params: ById,
    query: readQuery(contactResource),
    answer: Contact,
  }, async ({ params, query, database }) => ({ data: await readRow(database, contactResource, params.id, query) })),

  keyed({
    method: "patch",
    path: "/contacts/:id",
    summary: "Change a contact",
    scope: "contacts:write",
    params: ById,
    body: ContactChange,
    complete,
    answer: Contact,
    refusals: ["CONFLICT"],
  }, async ({ params, body, database }) => {
    const row = await database
      .row((client) => client.from("crm_contacts").update(body).eq("id", params.id).select(columns))
      .catch(
        conflictsWith(database, (client) => client.rpc("contact_with_email", { email: body.email ?? "" }), emailTaken),
      );
    return { data: present(Contact, row) };
  }),
];
