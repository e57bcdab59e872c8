import { z } from "zod";
import type { Database } from "../data/database.ts";
import { type Endpoint, keyed } from "../http/endpoint.ts";
import { readRow } from "../data/lists.ts";
import { present } from "../data/rows.ts";
import { ById, Id } from "../contract/values.ts";
import { NewStage, Pipeline, pipelineResource, Stage, StageChange } from "./schema.ts";

const ByStageId = z.strictObject({ id: Id, stageId: Id });
const columns = "id,name,position";

/** A pipeline with its stages; throws 404. */
export const pipelineOf = async (database: Database, id: string) =>
  Pipeline.parse(await readRow(database, pipelineResource, id));

export const stageEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/pipelines/:id/stages",
    summary: "List a pipeline's stages",
    description: "All on one page, in their order.",
    scope: "pipelines:read",
    params: ById,
    list: Stage,
  }, async ({ params, database }) => {
    const { stages } = await pipelineOf(database, params.id);
    const { length } = stages;
    const pagination = { limit: length, total: length, has_more: false, next_cursor: null, prev_cursor: null };
    return { data: stages, pagination };
  }),

  keyed({
    method: "post",
    path: "/pipelines/:id/stages",
    summary: "Add a stage to a pipeline",
    scope: "pipelines:write",
    params: ById,
    body: NewStage,
    answer: Stage,
    status: 201,
  }, async ({ params, body, database }) => {
    const { stages } = await pipelineOf(database, params.id);
    const { data: [latest] } = await database.ask((client) =>
      client.from("crm_pipeline_stages").select("place").eq("pipeline_id", params.id)
        .order("place", { ascending: false }).limit(1)
    );
    const last = Math.max(-1, ...stages.map(({ position }) => position));
    // Behind those that have its position.
    const place = latest ? latest.place + 1 : 0;
    const stage = { pipeline_id: params.id, position: last + 1, ...body, place };
    const row = await database.row((client) => client.from("crm_pipeline_stages").insert(stage).select(columns));
    return { data: present(Stage, row), location: `/pipelines/${params.id}/stages/${row.id}` };
  }),

  keyed({
    method: "patch",
    path: "/pipelines/:id/stages/:stageId",
    summary: "Change a stage",
    scope: "pipelines:write",
    params: ByStageId,
    body: StageChange,
    answer: Stage,
  }, async ({ params, body, database }) => {
    const row = await database.row((client) =>
      client.from("crm_pipeline_stages").update(body)
        .eq("id", params.stageId).eq("pipeline_id", params.id).select(columns)
    );
    return { data: present(Stage, row) };
  }),

  keyed({
    method: "delete",
    path: "/pipelines/:id/stages/:stageId",
    summary: "Delete a stage",
    description: "409 while opportunities stand in it, an automation waits for it, or referrals enter it.",
    scope: "pipelines:write",
    params: ByStageId,
    status: 204,
    refusals: ["CONFLICT"],
  }, async ({ params, database }) => {
    await database.row((client) =>
      client.from("crm_pipeline_stages").delete()
        .eq("id", params.stageId).eq("pipeline_id", params.id).select("id")
    );
    return {};
  }),
];
