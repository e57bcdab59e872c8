import { z } from "zod";
import { attributeReferral } from "./attribute_referral.ts";
import { callWebhook } from "./call_webhook.ts";
import type { ActionDefinition } from "./define_action.ts";
import { sendEmail } from "./send_email.ts";

/** What an automation can do; `tests/access/lists_in_sql_test.ts` says where SQL has the same list. */
export const actionTypes = {
  attribute_referral: attributeReferral,
  send_email: sendEmail,
  call_webhook: callWebhook,
} satisfies Record<string, ActionDefinition>;

export const ActionType = z.enum(Object.keys(actionTypes) as [keyof typeof actionTypes]);
export type ActionType = z.infer<typeof ActionType>;

const names = new Map<string, ActionType>(
  ActionType.options.flatMap((type) => [type, ...actionTypes[type].aliases].map((name) => [name, type])),
);

/** An action type by its name or alias; null for any other text. */
export const actionTypeNamed = (name: string): ActionType | null => names.get(name) ?? null;

/** An action type as callers name it; its alias becomes its name. */
export const ActionTypeName = z.enum([...names.keys()])
  .transform((name) => names.get(name) as ActionType)
  .meta({
    description: [...names].filter(([name, type]) => name !== type)
      .map(([alias, type]) => `${alias} is another name of ${type}`).join("; "),
  });
