import { z } from "zod";

/** `tries`: how often it has been tried before. */
export const ClaimedDelivery = z.object({
  id: z.string(),
  subscription_id: z.string(),
  company_id: z.string(),
  host: z.string(),
  tries: z.int(),
});
export type ClaimedDelivery = z.output<typeof ClaimedDelivery>;

/** A run that `runs_alone` may be what ended dispatchers before this one. */
export const ClaimedRun = z.object({ run_id: z.string(), event_id: z.string(), runs_alone: z.boolean() });
export type ClaimedRun = z.output<typeof ClaimedRun>;

/** What `private.claim_work` gives: work by its ids, which is read when its turn comes. */
export const Claimed = z.object({
  deliveries: z.array(ClaimedDelivery),
  runs: z.array(ClaimedRun),
  more: z.boolean(),
});
