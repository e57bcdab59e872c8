import { z } from "zod";
import { Id, Timestamp } from "../contract/values.ts";
import type { Resource } from "../data/lists.ts";

/** What the audit log is about; `tests/access/lists_in_sql_test.ts` says where SQL has the same lists. */
export const EntityType = z.enum([
  "referral",
  "contact",
  "opportunity",
  "placement",
  "pipeline",
  "stage",
  "request",
  "automation",
  "action",
  "subscription",
  "settings",
  "company",
  "api_key",
]);
export const AuditAction = z.enum(["insert", "update", "delete"]);
export const ActorType = z.enum(["api_key", "form", "automation", "import", "operator"]);
export const Via = z.enum(["api", "mcp", "data_api", "form", "automation", "operator"]);

export const AuditEntry = z.object({
  id: Id,
  entity_type: EntityType,
  entity_id: Id,
  action: AuditAction,
  changes: z.record(z.string(), z.tuple([z.unknown(), z.unknown()]))
    .meta({ description: "`{field: [old, new]}` of what changed; of a row that came or went, all that was not null" }),
  actor_type: ActorType.meta({ description: "operator: by SQL, or with the project's own key" }),
  actor_id: Id.nullable().meta({ description: "The API key's id, or the automation's" }),
  request_id: z.string().nullable().meta({ description: "The X-Request-Id of the request that did it" }),
  via: Via.meta({ description: "data_api: a key that went around this API" }),
  created_at: Timestamp,
}).meta({
  id: "AuditEntry",
  example: {
    id: "3e8a1f64-55d0-4c1e-9a7b-0d2c4b6e8f10",
    entity_type: "referral",
    entity_id: "5f0c2f0e-6f0b-4a53-9a53-0a4c0b7f7d01",
    action: "update",
    changes: { status: ["pending", "accepted"] },
    actor_type: "api_key",
    actor_id: "7f6f6f0e-2a53-4c0b-8c1e-1d2b5a9e4c77",
    request_id: "03409498-b383-4c5c-8528-96bfd3265298",
    via: "api",
    created_at: "2026-11-22T09:30:00.000Z",
  },
});

export const auditResource = {
  table: "audit_log",
  row: AuditEntry,
  expansions: [],
  filters: {
    entity_type: EntityType.optional(),
    entity_id: Id.optional(),
    action: AuditAction.optional(),
    actor_id: Id.optional(),
  },
} satisfies Resource;

/** What happened to one row. */
export const historyResource = { ...auditResource, filters: {} } satisfies Resource;
