import { z } from "zod";
import { Id } from "../contract/values.ts";
import { defineTrigger } from "./define_trigger.ts";
import { eventFields } from "./event_fields.ts";

export const stageChanged = defineTrigger({
  label: "Stage changed",
  description: "An opportunity entered a stage of a pipeline.",
  scope: "opportunities:read",
  data: z.object({
    deal_id: Id.nullable().meta({ description: "The opportunity" }),
    contact_id: Id.nullable().meta({ description: "The opportunity's primary contact" }),
    pipeline_id: Id.nullable().meta({ description: "The pipeline" }),
    stage_id: Id.nullable().meta({ description: "The stage that was entered" }),
    from_stage_id: Id.nullable().meta({ description: "The stage before, null when it entered the pipeline" }),
    ...eventFields,
  }),
  sample: {
    deal_id: "00000000-0000-4000-8000-000000000502",
    contact_id: "00000000-0000-4000-8000-000000000104",
    pipeline_id: "00000000-0000-4000-8000-000000000301",
    stage_id: "00000000-0000-4000-8000-000000000312",
    from_stage_id: "00000000-0000-4000-8000-000000000311",
    event_id: "c1b3a7de-4b1d-4c0e-9d3e-2f6f1f0b7a55",
    occurred_at: "2026-11-22T09:30:00.000Z",
  },
});
