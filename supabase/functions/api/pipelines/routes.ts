import { type Endpoint, keyed } from "../http/endpoint.ts";
import { listQuery, readPage, readQuery, readRow } from "../data/lists.ts";
import { ById } from "../contract/values.ts";
import { NewPipeline, Pipeline, PipelineChange, pipelineResource } from "./schema.ts";
import { pipelineOf, stageEndpoints } from "./stage_routes.ts";

export const pipelineEndpoints: Endpoint[] = [
  keyed({
    method: "get",
    path: "/pipelines",
    summary: "List pipelines with their stages",
    scope: "pipelines:read",
    query: listQuery(pipelineResource),
    list: Pipeline,
  }, ({ query, database }) => readPage(database, pipelineResource, query)),

  keyed({
    method: "post",
    path: "/pipelines",
    summary: "Add a pipeline with its stages",
    scope: "pipelines:write",
    body: NewPipeline,
    answer: Pipeline,
    status: 201,
  }, async ({ body, database }) => {
    const stages = body.stages.map(({ name, position }, index) => ({ name, position: position ?? index }));
    const data = await database.found(Pipeline, (client) => client.rpc("create_pipeline", { name: body.name, stages }));
    return { data, location: `/pipelines/${data.id}` };
  }),

  keyed({
    method: "get",
    path: "/pipelines/:id",
    summary: "Read a pipeline with its stages",
    scope: "pipelines:read",
    params: ById,
    query: readQuery(pipelineResource),
    answer: Pipeline,
  }, async ({ params, query, database }) => ({ data: await readRow(database, pipelineResource, params.id, query) })),

  keyed({
    method: "patch",
    path: "/pipelines/:id",
    summary: "Rename a pipeline",
    scope: "pipelines:write",
    params: ById,
    body: PipelineChange,
    answer: Pipeline,
  }, async ({ params, body, database }) => {
    await database.row((client) => client.from("crm_pipelines").update(body).eq("id", params.id).select("id"));
    return { data: await pipelineOf(database, params.id) };
  }),

  keyed({
    method: "delete",
    path: "/pipelines/:id",
    summary: "Delete a pipeline with its stages",
    description: "409 while one of them is in use.",
    scope: "pipelines:write",
    params: ById,
    status: 204,
    refusals: ["CONFLICT"],
  }, async ({ params, database }) => {
    await database.row((client) => client.from("crm_pipelines").delete().eq("id", params.id).select("id"));
    return {};
  }),

  ...stageEndpoints,
];
