import { z } from "zod";
import { columnsOf } from "../data/columns.ts";
import { conflictsWith } from "../data/conflicts.ts";
import type { Database } from "../data/database.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { listQuery, readPage, readQuery, readRow, searchPage } from "../data/lists.ts";
import { present, rowOf } from "../data/rows.ts";
import { missing } from "../data/refusals.ts";
import { ById, Flag } from "../contract/values.ts";
import { ExpandedOpportunity, opportunityResource } from "../opportunities/schema.ts";
import { callingCountry, completePhone } from "./phone.ts";
import {
  Contact,
  ContactChange,
  contactResource,
  NewContact,
  SearchBody,
  unheldByContacts,
  Unsubscribing,
} from "./schema.ts";

const { contact_id: _given, ...filters } = opportunityResource.filters;
const dealsResource = { ...opportunityResource, filters };

// What nothing here holds has no column.
const columns = columnsOf(
  Contact.omit({ public_id: true, landline: true, date_of_birth: true, sms_unsubscribed: true }),
);

const contactRow = rowOf(Contact, unheldByContacts);

/** Columns of a contact by its fields. */
const stored = <Fields extends { archived?: boolean }>({ archived, ...fields }: Fields) => ({
  ...fields,
  // By the database's clock.
  ...(archived !== undefined && { archived_at: archived ? "now" : null }),
});

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
      .row((client) => client.from("crm_contacts").insert(stored(body)).select(columns))
      .catch(
        conflictsWith(database, (client) => client.rpc("contact_with_email", { email: body.email ?? "" }), emailTaken),
      );
    return { data: present(Contact, { ...row, ...unheldByContacts }), location: `/contacts/${row.id}` };
  }),

  keyed({
    method: "post",
    path: "/contacts/search",
    summary: "Search contacts",
    description: "What `GET /contacts?search=` gives, archived ones too.",
    scope: "contacts:read",
    body: SearchBody,
    list: Contact,
  }, ({ body, database }) => searchPage(database, contactResource, body, { archived: "all" })),

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
      .row((client) => client.from("crm_contacts").update(stored(body)).eq("id", params.id).select(columns))
      .catch(
        conflictsWith(database, (client) => client.rpc("contact_with_email", { email: body.email ?? "" }), emailTaken),
      );
    return { data: present(Contact, { ...row, ...unheldByContacts }) };
  }),

  keyed({
    method: "delete",
    path: "/contacts/:id",
    summary: "Delete a contact",
    description:
      "409 while a referral, request or opportunity names them. With `force=true` what they referred and were asked goes " +
      "with them, and the rest stays without them.",
    scope: "contacts:delete",
    params: ById,
    query: z.strictObject({ force: Flag.default(false) }),
    status: 204,
    refusals: ["CONFLICT"],
  }, async ({ params, query, database }) => {
    await database.ask((client) => client.rpc("remove_contact", { contact_id: params.id, force: query.force }));
    return {};
  }),

  keyed({
    method: "post",
    path: "/contacts/:id/unsubscribe",
    summary: "Note that a contact wants no more mails",
    description: "As their own link does: whatever address they have later, and whoever has theirs.",
    scope: "contacts:write",
    params: ById,
    body: Unsubscribing,
    bodyIsOptional: true,
    answer: Contact,
  }, async ({ params, database }) => ({
    data: await database.found(contactRow, (client) => client.rpc("unsubscribe_contact", { contact_id: params.id })),
  })),

  keyed({
    method: "get",
    path: "/contacts/:id/deals",
    summary: "List a contact's opportunities",
    scope: "opportunities:read",
    params: ById,
    query: listQuery(dealsResource),
    list: ExpandedOpportunity,
  }, async ({ params, query, database }) => {
    const theirs = { ...query, contact_id: params.id };
    const [page, { data: isThere }] = await Promise.all([
      readPage(database, opportunityResource, theirs),
      database.ask((client) => client.rpc("has_contact", { contact_id: params.id })),
    ]);
    if (!isThere) throw missing();
    return page;
  }),
];
