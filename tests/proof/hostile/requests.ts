import fc from "fast-check";
import { encode, type Twist, twist } from "./twists.ts";
import { hostileText } from "./values.ts";
import { documented, schemaValues } from "../../world/schema_values.ts";
import type { Json } from "../../world/world.ts";

/** A request with the ids, tokens and keys still open, as `~row.contact_id~`, and what is done to it once they are filled in. */
export type Plan = {
  method: string;
  /** Below the base URL, with its query. */
  path: string;
  key: string | null;
  type: string | null;
  body: string | null;
  twists: Twist[];
};

export type Operation = { method: string; path: string; contract: Json };

/** The operations of an OpenAPI document. */
export function operationsOf(document: Json): Operation[] {
  return Object.entries<Json>(document.paths).flatMap(([path, item]) =>
    Object.entries<Json>(item)
      .filter(([method]) => ["get", "post", "put", "patch", "delete"].includes(method))
      .map(([method, contract]) => ({ method: method.toUpperCase(), path, contract }))
  );
}

/** Each operation as the document shows it, without its optional parameters; those that remove rows come last. */
export function documentedRequests(document: Json): Plan[] {
  const plans = operationsOf(document).map(({ method, path, contract }): Plan => {
    const { type, media } = bodyOf(contract);
    return {
      method,
      path: path.split(parameter).map((part, at, all) => at % 2 === 0 ? part : rowAt(all, at, contract)).join(""),
      key: contract.security?.length > 0 ? "admin" : null,
      type,
      body: media && (type === json ? documented(media) : String(new URLSearchParams(media.example))),
      twists: [],
    };
  });
  return plans.sort((a, b) => Number(a.method === "DELETE") - Number(b.method === "DELETE"));
}

const json = "application/json";
const parameter = /\{(\w+)\}/;

function bodyOf(contract: Json): { type: string | null; media: Json } {
  const [type, media] = Object.entries<Json>(contract.requestBody?.content ?? {})[0] ?? [null, null];
  return { type, media };
}

/** The path of the rows that a parameter chooses from, as every_endpoint.ts names it. */
const collection = (parts: string[], at: number) =>
  parts.slice(0, at).map((part, place) => place % 2 === 0 ? part : `:${part}`).join("").replace(/\/$/, "");

const pathSchema = (contract: Json, name: string): Json =>
  contract.parameters.find((each: Json) => each.in === "path" && each.name === name).schema;

/** What a parameter of a path is filled with: a documented value, else a row of the scene. */
function rowAt(parts: string[], at: number, contract: Json): string {
  const { enum: names, example } = pathSchema(contract, parts[at]);
  return names || example ? encode(names?.[0] ?? example) : `~path.${collection(parts, at)}~`;
}

/** Requests of every operation: right ones, nearly right ones, and hostile ones. */
export function requestsOf(document: Json): fc.Arbitrary<Plan> {
  const values = schemaValues(document);
  const operations = operationsOf(document);
  const scopes = [...new Set(operations.flatMap(({ contract }) => contract.security?.[0]?.apiKey ?? []))];

  const key = fc.oneof(
    { weight: 12, arbitrary: fc.constant("admin") },
    { weight: 2, arbitrary: fc.constantFrom<string>(...scopes) },
    { weight: 1, arbitrary: fc.constant("revoked") },
  );

  function plans(operation: Operation, wild: boolean, twists: fc.Arbitrary<Twist[]>): fc.Arbitrary<Plan> {
    const { method, contract } = operation;
    const { type, media } = bodyOf(contract);
    const body = media === null ? fc.constant(null) : type === json ? values.body(media, wild) : form(media, wild);
    return fc.record({
      method: fc.constant(method),
      path: fc.tuple(pathOf(operation, wild), queryOf(contract, wild)).map(([path, query]) => path + query),
      key: contract.security?.length > 0 ? key : fc.constant(null),
      type: fc.constant(type),
      body,
      twists,
    });
  }

  function pathOf({ method, path, contract }: Operation, wild: boolean): fc.Arbitrary<string> {
    const parts = path.split(parameter).map((part, at, all) => {
      if (at % 2 === 0) return fc.constant(part);
      const rows = collection(all, at);
      const right = fc.constant(rowAt(all, at, contract));
      // A row that is gone answers nothing but 404 from then on.
      const chosen = method === "DELETE" ? fc.oneof(right, fc.constant("~wrong.id~")) : right;
      if (!wild) return chosen;
      const near = ["upperpath", "foreignpath", "encodedpath"].map((kind) => `~${kind}.${rows}~`);
      return fc.oneof(
        { withCrossShrink: true },
        { weight: 6, arbitrary: chosen },
        { weight: 2, arbitrary: fc.constantFrom(...near, `${near[0]}0`, `x${near[1]}`) },
        { weight: 1, arbitrary: hostileText.map((text) => encode(text).replace(/^$/, "%20")) },
        {
          weight: 1,
          arbitrary: values.text(pathSchema(contract, part), part, true).map((text) => encode(text) || "-"),
        },
      );
    });
    return fc.tuple(...parts).map((all) => all.join(""));
  }

  function queryOf(contract: Json, wild: boolean): fc.Arbitrary<string> {
    const parameters = (contract.parameters ?? []).filter((each: Json) => each.in === "query");
    const given = parameters.map(({ name, schema }: Json) => {
      const cursor = name === "after" || name === "before";
      const text = cursor ? cursors(wild) : values.text(schema, name, wild);
      return fc.oneof(
        { withCrossShrink: true },
        { weight: cursor ? 12 : 6, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: text.map((text) => `${name}=${encode(text)}`) },
      );
    });
    return fc.tuple(...given).map((all) => all.filter((each) => each !== null).join("&")).map((text) =>
      text && `?${text}`
    );
  }

  const none = fc.constant<Twist[]>([]);
  const twisted = fc.array(twist, { minLength: 1, maxLength: 2 });
  return fc.oneof(...operations.flatMap((operation) => [
    { weight: 1, arbitrary: plans(operation, false, none) },
    { weight: operation.contract.requestBody ? 3 : 1, arbitrary: plans(operation, true, none) },
    { weight: 2, arbitrary: plans(operation, false, twisted) },
  ]));
}

const cursors = (wild: boolean) =>
  wild
    ? fc.oneof(fc.constantFrom("~cursor.here~", "~cursor.here~x", "x~cursor.here~"), hostileText)
    : fc.constant("~cursor.here~");

function form({ schema, example }: Json, wild: boolean): fc.Arbitrary<string> {
  const fields = Object.keys(schema.properties).map((name) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(example[name] === undefined ? [] : [[name, String(example[name])]]) },
      ...(wild ? [{ weight: 2, arbitrary: hostileText.map((text) => [[name, text]]) }] : []),
      ...(wild ? [{ weight: 1, arbitrary: fc.constant<string[][]>([]) }] : []),
    )
  );
  return fc.tuple(...fields).map((all) => all.flat().map(([name, text]) => `${name}=${encode(text)}`).join("&"));
}
