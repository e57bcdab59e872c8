import { Id, Timestamp } from "../contract/values.ts";

/** What the data of every event says of the event itself. */
export const eventFields = {
  event_id: Id.meta({ description: "The event's id: the webhook-id of its deliveries" }),
  occurred_at: Timestamp.meta({ description: "When it happened" }),
};
