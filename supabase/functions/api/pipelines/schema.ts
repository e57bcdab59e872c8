import { z } from "zod";
import type { Resource } from "../data/lists.ts";
import { Id, Label } from "../contract/values.ts";

export const Stage = z.object({ id: Id, name: z.string(), position: z.int() }).meta({
  id: "Stage",
  example: { id: "00000000-0000-4000-8000-000000000311", name: "Enquiry", position: 0 },
});

export const Pipeline = z.object({ id: Id, name: z.string(), stages: z.array(Stage) }).meta({
  id: "Pipeline",
  example: {
    id: "00000000-0000-4000-8000-000000000301",
    name: "New patients",
    stages: [{ id: "00000000-0000-4000-8000-000000000311", name: "Enquiry", position: 0 }],
  },
});

const Position = z.int().min(0).max(2_147_483_647);

export const NewPipeline = z.strictObject({
  name: Label(200),
  stages: z.array(z.strictObject({
    name: Label(200),
    position: Position.optional().meta({ description: "Its place in the array, when absent" }),
  })).max(100).default([]),
}).meta({ example: { name: "New patients", stages: [{ name: "Enquiry" }, { name: "Booked" }] } });

export const PipelineChange = z.strictObject({ name: Label(200).optional() }).meta({ example: { name: "Patients" } });

export const NewStage = z.strictObject({
  name: Label(200),
  position: Position.optional().meta({ description: "The last, when absent" }),
}).meta({ example: { name: "Treated" } });
export const StageChange = z.strictObject({ name: Label(200), position: Position }).partial()
  .meta({ example: { name: "Seen" } });

export const pipelineResource = {
  table: "crm_pipelines",
  row: Pipeline,
  expansions: [],
  filters: {},
} satisfies Resource;
