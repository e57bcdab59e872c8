import { ById } from "../contract/values.ts";
import { listQuery, readPage } from "../data/lists.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { AuditEntry, auditResource, historyResource } from "./schema.ts";

// Nobody changes an entry: it was last changed when it was made.
const byTime = <Query>(query: Query) => ({ ...query, sort: "created_at" as const });

export const auditEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/audit-log",
    summary: "List what was changed, and by whom",
    description: "Entries are kept for 400 days.",
    scope: "audit:read",
    query: listQuery(auditResource),
    list: AuditEntry,
  }, ({ query, database }) => readPage(database, auditResource, byTime(query))),

  keyed({
    method: "get",
    path: "/referrals/:id/history",
    summary: "List what happened to a referral",
    description: "Entries are kept for 400 days; those of a deleted referral are in the audit log.",
    scope: "referrals:read",
    params: ById,
    query: listQuery(historyResource),
    list: AuditEntry,
  }, async ({ params, query, database }) => {
    const table = { function: "referral_history" as const, arguments: { referral_id: params.id } };
    const [page] = await Promise.all([
      readPage(database, { ...historyResource, table }, byTime(query)),
      database.row((client) => client.from("referrals").select("id").eq("id", params.id)),
    ]);
    return page;
  }),
];
