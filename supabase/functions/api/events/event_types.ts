import { z } from "zod";
import { referralAttributed } from "./referral_attributed.ts";
import { stageChanged } from "./stage_changed.ts";

/** What a workspace can be told of, and can act on; `tests/access/lists_in_sql_test.ts` says where SQL has the same list. */
export const triggers = {
  referral_attributed: referralAttributed,
  stage_changed: stageChanged,
};

export const TriggerType = z.enum(Object.keys(triggers) as [keyof typeof triggers]);
export type TriggerType = z.infer<typeof TriggerType>;

/**
 * What a subscription is sent: what it subscribed to, what `call_webhook` tells of a run by hand, with the key that started it,
 * and the test that somebody asks for. Nobody subscribes to the last two, and they start no automation.
 */
export const EventType = z.enum([...TriggerType.options, "automation_triggered", "webhook_test"]);

/** What started a run: its event, or a key by hand. */
export const RunTrigger = z.enum([...TriggerType.options, "api"]);
