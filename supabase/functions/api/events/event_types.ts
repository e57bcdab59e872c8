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

/** What a subscription is sent: what it subscribed to, and the test that somebody asks for, which starts no automation. */
export const EventType = z.enum([...TriggerType.options, "webhook_test"]);
