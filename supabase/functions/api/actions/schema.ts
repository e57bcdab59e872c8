import { z } from "zod";
import { tokensIn } from "../mail/template.ts";
import { type Issues, judgedAnyway } from "../contract/refinements.ts";
import type { Resource } from "../data/lists.ts";
import { Id, Timestamp } from "../contract/values.ts";
import { ActionType, ActionTypeName, actionTypes } from "./registry.ts";
import { variableNames } from "../events/variables.ts";

export const ByActionId = z.strictObject({ id: Id, actionId: Id });

export const AutomationAction = z.object({
  id: Id,
  automation_id: Id,
  action_type: ActionType,
  sequence: z.int().meta({ description: "The lower runs first" }),
  config: z.record(z.string(), z.unknown()).meta({ description: "See /automations/action-types" }),
  created_by: Id.nullable().meta({ description: "The key that made it, or last said what it does" }),
  created_at: Timestamp,
  updated_at: Timestamp,
}).meta({
  id: "AutomationAction",
  example: {
    id: "8d2e5b1a-3c47-4f96-b0e8-5a7c9d1f2e34",
    automation_id: "e4a1c0d2-7b36-4f58-9a0d-1c5b8e2f6a90",
    action_type: "send_email",
    sequence: 0,
    config: actionTypes.send_email.config.meta()!.example,
    created_by: "7f6f6f0e-2a53-4c0b-8c1e-1d2b5a9e4c77",
    created_at: "2026-11-22T09:30:00.000Z",
    updated_at: "2026-11-22T09:30:00.000Z",
  },
});

const Config = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "must be an object",
).meta({ type: "object", description: "By the schema of its action type, see /automations/action-types" });

const Sequence = z.int().min(0).max(1_000).optional().meta({ description: "The lower runs first; last, when absent" });

// Where another field is wrong, these may be anything.
function judgeConfig({ action_type, config }: { action_type?: unknown; config?: unknown }, problems: Issues) {
  const type = ActionType.safeParse(action_type).data;
  const sent = Config.safeParse(config).data;
  if (!type || !sent) return;
  const given = actionTypes[type].named(sent);
  const schema = actionTypes[type].config;
  const refuse = (path: PropertyKey[], message: string, params: Record<string, unknown> = {}) =>
    problems.addIssue({ code: "custom", path: ["config", ...path], message, params });

  for (const issue of schema.safeParse(given, { reportInput: true }).error?.issues ?? []) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) refuse([key], "is unknown here", { accepted: Object.keys(schema.shape) });
    } else if (issue.input === undefined) refuse(issue.path, "is required", { missing: true });
    else refuse(issue.path, issue.message);
  }
  const accepted = variableNames();
  for (const [field, template] of Object.entries(given)) {
    for (const name of new Set(tokensIn(typeof template === "string" ? template : ""))) {
      if (!accepted.includes(name)) refuse([field], `names {{${name}}}, which is no variable`, { accepted });
    }
  }
}

export const NewAction = z.strictObject({
  action_type: ActionTypeName,
  sequence: Sequence,
  config: Config.default({}),
}).superRefine(judgeConfig, judgedAnyway).meta({
  example: { action_type: "send_email", config: actionTypes.send_email.config.meta()!.example },
});

export const ActionChange = z.strictObject({
  action_type: ActionTypeName.optional(),
  sequence: Sequence,
  config: Config.optional().meta({ description: "Replaces the old one; required beside action_type" }),
}).superRefine((body, problems) => {
  if (body.action_type && body.config === undefined) {
    const message = "is required beside action_type";
    problems.addIssue({ code: "custom", path: ["config"], message, params: { missing: true } });
  }
  judgeConfig(body, problems);
}, judgedAnyway).meta({
  example: { action_type: "send_email", config: actionTypes.send_email.config.meta()!.example },
});

export const NewOrder = z.strictObject({ action_ids: z.array(Id).max(20) }).meta({ example: { action_ids: [] } });

export const OrderedActions = z.object({ actions: z.array(AutomationAction) }).meta({
  id: "OrderedActions",
  example: { actions: [] },
});

export const actionResource = {
  table: "automation_actions",
  row: AutomationAction,
  expansions: [],
  filters: {},
} satisfies Resource;
