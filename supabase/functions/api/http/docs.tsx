import type { Context } from "hono";
import { html, raw } from "hono/html";
import { secureHeaders } from "hono/secure-headers";
import { errorCodes } from "../contract/errors.ts";
import type { Config } from "../platform/config.ts";
import type { Endpoint } from "./endpoint.ts";
import { openapi } from "./openapi.ts";
import { sourceHash } from "./source_hash.ts";

const style = `
:root { color-scheme: light dark; --ink: #1b2430; --soft: #556070; --paper: #fff; --line: #d9dee5; --tint: #f3f5f8; --brand: #0f766e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #a3aebd; --paper: #11161d; --line: #2c3542; --tint: #1a212b; --brand: #5eead4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 6rem; }
h1 { margin: 0 0 .5rem; } h2 { margin: 3rem 0 .5rem; text-transform: capitalize; }
p { margin: .5rem 0; } .soft { color: var(--soft); } a { color: var(--brand); }
code, pre { font: 13px/1.5 ui-monospace, monospace; } code { overflow-wrap: anywhere; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; }
summary { cursor: pointer; padding: .75rem 1rem; display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; }
summary b { text-transform: uppercase; color: var(--brand); font: 700 13px ui-monospace, monospace; min-width: 4rem; }
summary .soft { margin-left: auto; }
details > div { border-top: 1px solid var(--line); padding: .75rem 1rem 1rem; }
pre { background: var(--tint); border-radius: .5rem; padding: .75rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); }
h3 { font-size: .95rem; margin: 1rem 0 .25rem; }
`;

type Schema = {
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  default?: unknown;
  description?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  $ref?: string;
};
type Media = { schema?: Schema; example?: unknown };
type Operation = {
  method: string;
  path: string;
  operationId: string;
  summary?: string;
  description?: string;
  security: { apiKey: string[] }[];
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
};

const secure = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: [await sourceHash(style)],
    frameAncestors: ["'none'"],
  },
});

/** The documentation as one page without script, from the OpenAPI document. */
export async function docs(c: Context, endpoints: Endpoint[], config: Config) {
  const document = openapi(endpoints, config);
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    // The paths of our own document hold operations only, and all of these in this form.
    Object.entries(item as Record<string, Omit<Operation, "method" | "path">>).map(([method, operation]) => ({
      ...operation,
      method,
      path,
    }))
  ).filter(({ path }) => !path.startsWith("/deals"));
  const groups = Map.groupBy(operations, ({ path }) => path.split("/")[1]);
  await secure(c, () => Promise.resolve());
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Referrals API</title>
        <style>{raw(style)}</style>
      </head>
      <body>
        <main>
          <h1>Referrals API</h1>
          <p class="soft">
            {document.info.description} Base URL <code>{config.publicUrl}</code>, machine-readable as{" "}
            <a href="openapi.json">OpenAPI 3.1</a>.
          </p>
          <p>
            Every call carries <code>Authorization: Bearer &lt;API key&gt;</code>. <code>X:write</code> and{" "}
            <code>X:delete</code> include <code>X:read</code>; <code>admin</code> includes all. <code>/deals…</code>
            {" "}
            is an alias of <code>/opportunities…</code>.
          </p>
          {[...groups].map(([group, members]) => (
            <section>
              <h2>{group}</h2>
              {members.map((operation) => <Entry operation={operation} base={config.publicUrl} />)}
            </section>
          ))}
          <section>
            <h2>Errors</h2>
            <table>
              {Object.entries(errorCodes).map(([code, { status, fix }]) => (
                <tr id={code}>
                  <td>{status}</td>
                  <td>
                    <code>{code}</code>
                  </td>
                  <td>{fix}</td>
                </tr>
              ))}
            </table>
          </section>
        </main>
      </body>
    </html>
  );
  return c.html(html`<!doctype html>${page}`);
}

function Entry({ operation, base }: { operation: Operation; base: string }) {
  const { method, path, summary, description, security, parameters = [], requestBody, responses } = operation;
  const body = requestBody?.content["application/json"];
  const success = Object.values(responses)[0].content?.["application/json"].example;
  return (
    <details id={operation.operationId}>
      <summary>
        <b>{method}</b>
        <code>{path}</code>
        <span>{summary}</span>
        <code class="soft">{security[0]?.apiKey.join(" ") ?? "no key"}</code>
      </summary>
      <div>
        {description && <p>{description}</p>}
        <pre>{curl(operation, base, body?.example)}</pre>
        {parameters.length > 0 && (
          <Fields title="Parameters" fields={parameters.map((p) => [p.name, p.schema, p.required ?? false])} />
        )}
        {body?.schema?.properties && (
          <Fields
            title="Body"
            fields={Object.entries(body.schema.properties).map((
              [name, schema],
            ) => [name, schema, body.schema!.required?.includes(name) ?? false])}
          />
        )}
        {success !== undefined && (
          <>
            <h3>Answer</h3>
            <pre>{JSON.stringify(success, null, 2)}</pre>
          </>
        )}
        <h3>Statuses</h3>
        <p class="soft">
          {Object.entries(responses).map(([status, { description }]) => `${status} ${description}`).join(" · ")}
        </p>
      </div>
    </details>
  );
}

function Fields({ title, fields }: { title: string; fields: [name: string, schema: Schema, required: boolean][] }) {
  return (
    <>
      <h3>{title}</h3>
      <table>
        {fields.map(([name, schema, required]) => (
          <tr>
            <td>
              <code>{name}</code>
              {required && " *"}
            </td>
            <td>{kind(schema)}</td>
            <td class="soft">{schema.description}</td>
          </tr>
        ))}
      </table>
    </>
  );
}

function kind(schema: Schema): string {
  const type = [schema.type ?? []].flat().join(" or ");
  const range = schema.minimum !== undefined || schema.maximum !== undefined
    ? ` ${schema.minimum ?? ""}..${schema.maximum ?? ""}`
    : "";
  return [
    schema.enum ? schema.enum.map(String).join(" | ") : `${schema.format ?? type}${range}`,
    schema.maxLength ? `≤ ${schema.maxLength} characters` : "",
    schema.default === undefined ? "" : `default ${schema.default}`,
  ].filter(Boolean).join(", ");
}

function curl({ method, path }: Operation, base: string, example: unknown): string {
  const verb = method === "get" ? "" : ` -X ${method.toUpperCase()}`;
  const data = example === undefined
    ? ""
    : ` \\\n  -H "Content-Type: application/json" \\\n  -d '${JSON.stringify(example)}'`;
  return `curl${verb} "${base}${path}" \\\n  -H "Authorization: Bearer $API_KEY"${data}`;
}
