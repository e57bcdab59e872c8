import { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import type { Config } from "../platform/config.ts";
import type { Endpoint } from "./endpoint.ts";
import { title, version } from "./manifest.ts";
import { type ErrorCode, errorCodes } from "../contract/errors.ts";
import { Id } from "../contract/values.ts";

const Meta = z.object({
  request_id: z.string(),
  credits_remaining: z.int().nullable().meta({
    description: "What is left of the key's credits of this month; null: it is not metered",
  }),
}).meta({ id: "Meta" });

const Pagination = z.object({
  limit: z.int(),
  total: z.int().meta({ description: "Exact up to 1,000" }),
  has_more: z.boolean().meta({ description: "Whether there are more rows in the direction that was asked for" }),
  next_cursor: z.string().nullable(),
  prev_cursor: z.string().nullable(),
  total_is_estimate: z.literal(true).optional(),
}).meta({ id: "Pagination" });

const ErrorEnvelope = z.object({
  error: z.object({
    // TypeScript has the keys of a constant as mere strings.
    code: z.enum(Object.keys(errorCodes) as [ErrorCode]),
    message: z.string().meta({ description: "What is wrong, in the caller's words" }),
    fix: z.string().meta({ description: "What to do about it" }),
    hint: z.string().optional().meta({ description: "What would be accepted" }),
    status: z.int(),
    details: z.object({
      fields: z.array(z.object({ path: z.string(), message: z.string() })).optional().meta({
        description: "Every problem of the request, each with the field that it is about",
      }),
      available: z.array(z.string()).optional().meta({ description: "The accepted values or names" }),
      required_scopes: z.array(z.string()).optional().meta({ description: "Of a 403: what the key lacks" }),
      auth_scheme: z.string().optional().meta({ description: "Of a 401: how a key is sent" }),
      budget: z.string().optional().meta({ description: "Of a 429: the budget that is spent" }),
    }).optional(),
    existing_id: Id.optional().meta({ description: "The caller's own row in the way" }),
    docs: z.url().meta({ description: "Where this code is explained" }),
    request_id: z.string(),
  }),
}).meta({ id: "Error" });

/** The OpenAPI 3.1 document of `endpoints`, from the schemas that validate them. */
export function openapi(endpoints: Endpoint[], config: Config) {
  const document = new OpenAPIHono();
  const registry = document.openAPIRegistry;
  registry.registerComponent("securitySchemes", "apiKey", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "An API key of one workspace. Each operation names the scope it needs; `X:write` and `X:delete` include `X:read`, `admin` all.",
  });
  for (const endpoint of endpoints) registry.registerPath(operation(endpoint));
  return document.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title,
      version,
      description: "Who referred whom, and which opportunity came of it.",
    },
    servers: [{ url: config.publicUrl }],
    security: [{ apiKey: [] }],
  });
}

function operation({ access, contract }: Endpoint): Parameters<OpenAPIHono["openAPIRegistry"]["registerPath"]>[0] {
  const { method, path, summary, description, scope, params, query, body, status = 200 } = contract;
  return {
    method,
    path: path.replace(/:(\w+)/g, "{$1}"),
    operationId: operationId(method, path),
    tags: [path.split("/")[1]],
    summary,
    description,
    security: access === "open" ? [] : [{ apiKey: scope ? [scope] : [] }],
    request: {
      params,
      query,
      body: body &&
        {
          required: !contract.bodyIsOptional,
          content: { "application/json": { schema: body, example: body.meta()?.example } },
        },
    },
    responses: { [status]: success(contract, status), ...refusals(access, contract) },
  };
}

const operationId = (method: string, path: string) =>
  `${method}${path.replace(/[^a-z]+([a-z])/gi, (_, letter) => letter.toUpperCase()).replace(/[^a-z]/gi, "")}`;

function success({ answer, list }: Endpoint["contract"], status: number) {
  const shown = answer ?? list;
  if (!shown) return { description: "Done; no body" };
  const row = shown.meta()?.example;
  const meta = { request_id: "0b9b6c1e-2f0b-4c57-a8f5-1a6f8a3c5d20", credits_remaining: null };
  const pagination = { limit: 20, total: 1, has_more: false, next_cursor: null, prev_cursor: null };
  return {
    description: status === 201 ? "Created" : "OK",
    ...(status === 201 && {
      headers: {
        Location: { description: "Where the new row is", schema: { type: "string", format: "uri" } as const },
      },
    }),
    content: {
      "application/json": {
        schema: list
          ? z.object({ data: z.array(list), pagination: Pagination, meta: Meta })
          : z.object({ data: shown, meta: Meta }),
        ...(row !== undefined && { example: list ? { data: [row], pagination, meta } : { data: row, meta } }),
      },
    },
  };
}

function refusals(access: Endpoint["access"], { method, path, scope, body, refusals = [] }: Endpoint["contract"]) {
  const codes = new Set<ErrorCode>([
    "VALIDATION_ERROR",
    ...(access === "keyed" ? ["UNAUTHORIZED", "RATE_LIMITED"] as const : []),
    ...(scope ? ["INSUFFICIENT_SCOPE"] as const : []),
    ...(access === "keyed" && method !== "get" ? ["INSUFFICIENT_CREDITS"] as const : []),
    ...(path.includes(":") ? ["NOT_FOUND"] as const : []),
    ...(body ? ["INVALID_BODY", "MISSING_FIELDS", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const : []),
    ...refusals,
    "INTERNAL_ERROR",
    "UNAVAILABLE",
  ]);
  const byStatus = Map.groupBy(codes, (code) => errorCodes[code].status);
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, {
    description: codes.join(", "),
    content: { "application/json": { schema: ErrorEnvelope } },
  }]));
}
