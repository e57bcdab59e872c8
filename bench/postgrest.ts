/** A request that the data API gets. */
export interface Call {
  method: string;
  /** Below `/rest/v1`. */
  path: string;
  query: URLSearchParams;
  prefer: string;
  body: string;
}

export interface Statement {
  text: string;
  parameters: (string | null)[];
}

const maxRows = 1_000;
const operators: Record<string, string> = { eq: "=", gt: ">", gte: ">=", lt: "<", lte: "<=", imatch: "~*" };
const quote = (name: string) => `"${name}"`;
const settings =
  "nullif(current_setting('response.headers', true), '') AS response_headers, nullif(current_setting('response.status', true), '') AS response_status";
const body = "pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body";

/**
 * The statements of PostgREST 12 for a call. A list that counts is two here, `page` and `count`, where PostgREST has one of both:
 * what they cost is told apart.
 */
export function statementsOf(call: Call): { page: Statement; count?: Statement } {
  const name = call.path.replace(/^rpc\//, "");
  const counts = call.prefer.includes("count=estimated");
  if (call.path.startsWith("rpc/")) return { page: build((value) => calling(name, JSON.parse(call.body), value)) };
  if (call.method === "HEAD") {
    return {
      page: build((value) =>
        `WITH pgrst_source AS (${reading(name, call.query, value)}${
          call.query.has("limit") ? "" : ` LIMIT ${maxRows}`
        }), ` +
        `pgrst_source_count AS (${counting(name, call.query, value)}) ` +
        `SELECT (SELECT pg_catalog.count(*) FROM pgrst_source_count) AS total_result_set, ` +
        `pg_catalog.count(_postgrest_t) AS page_total, '' AS body, ${settings} FROM (SELECT * FROM pgrst_source) _postgrest_t`
      ),
    };
  }
  const source = (value: Value) => {
    switch (call.method) {
      case "POST":
        return inserting(name, call, value);
      case "PATCH":
        return updating(name, call, value);
      case "DELETE":
        return `DELETE FROM ${table(name)} ${conditions(name, call.query, value)} ${returning(name, call.query)}`;
      default:
        return reading(name, call.query, value);
    }
  };
  return {
    page: build((value) =>
      `WITH pgrst_source AS (${source(value)}) SELECT null::bigint AS total_result_set, ${body}, ${settings} ` +
      `FROM (SELECT * FROM pgrst_source) _postgrest_t`
    ),
    count: counts
      ? build((value) =>
        `WITH pgrst_source_count AS (${counting(name, call.query, value)}) ` +
        `SELECT pg_catalog.count(*) AS total_result_set FROM pgrst_source_count`
      )
      : undefined,
  };
}

type Value = (given: string | null) => string;

function build(write: (value: Value) => string): Statement {
  const parameters: (string | null)[] = [];
  const text = write((given) => `$${parameters.push(given)}`);
  return { text, parameters };
}

const table = (name: string) => `"public".${quote(name)}`;
const column = (name: string, of: string) => `${table(of)}.${quote(name)}`;
const columns = (query: URLSearchParams) => split(query.get("select") ?? "*");

function reading(name: string, query: URLSearchParams, value: Value): string {
  const selected = columns(query).map((item) => column(item, name));
  const order = query.get("order")?.split(",").map((term) => {
    const [by, direction] = term.split(".");
    return `${column(by, name)} ${direction.toUpperCase()}`;
  });
  return [
    `SELECT ${selected.join(", ")} FROM ${table(name)}`,
    conditions(name, query, value),
    order ? `ORDER BY ${order.join(", ")}` : "",
    query.has("limit") ? `LIMIT ${value(query.get("limit"))} OFFSET ${value("0")}` : "",
  ].join(" ");
}

/** Counted for `estimated`: up to the row that tells that there are more than it counts. */
function counting(name: string, query: URLSearchParams, value: Value): string {
  return `SELECT 1 FROM ${table(name)} ${conditions(name, query, value)} LIMIT ${maxRows + 1}`;
}

function conditions(name: string, query: URLSearchParams, value: Value): string {
  const all = [...query].flatMap(([key, condition]) => {
    if (["select", "order", "limit", "columns", "on_conflict"].includes(key)) return [];
    if (key === "or" || key === "and") return [tree(key, condition, name, value)];
    return [filter(column(key, name), condition, value)];
  });
  return all.length > 0 ? `WHERE ${all.join(" AND ")}` : "";
}

function filter(left: string, condition: string, value: Value): string {
  const [, not, operator, given] = /^(not\.)?(\w+)\.(.*)$/s.exec(condition)!;
  const right = operator === "is" ? `IS ${given.toUpperCase()}` : `${operators[operator]} ${value(given)}`;
  return `${not ? "NOT " : ""}${left} ${right}`;
}

/** `(a.lt.1,and(a.eq.1,b.lt.2))`, its values quoted or not. */
function tree(operator: string, text: string, name: string, value: Value): string {
  const terms = split(text.slice(1, -1)).map((term) => {
    const [, nested, inner] = /^(and|or)(\(.*\))$/s.exec(term) ?? [];
    if (nested) return tree(nested, inner, name, value);
    const [, key, condition] = /^(\w+)\.(.*)$/s.exec(term)!;
    return filter(column(key, name), condition.replace(/"(.*)"$/s, "$1"), value);
  });
  return `(${terms.join(` ${operator.toUpperCase()} `)})`;
}

/** At the commas outside of brackets and quotes. */
function split(text: string): string[] {
  return text.match(/(?:"(?:\\.|[^"])*"|\((?:[^()]|\([^()]*\))*\)|[^,("])+/g) ?? [];
}

const returning = (name: string, query: URLSearchParams) =>
  `RETURNING ${query.has("select") ? columns(query).map((item) => column(item, name)).join(", ") : "1"}`;

const payload = (name: string, { body }: Call, value: Value) =>
  `(SELECT ${value(body)}::json AS json_data) pgrst_payload, ` +
  `LATERAL (SELECT * FROM json_populate_record(null::${table(name)}, pgrst_payload.json_data)) pgrst_body`;

function inserting(name: string, call: Call, value: Value): string {
  const set = Object.keys(JSON.parse(call.body)).map(quote);
  return `INSERT INTO ${table(name)}(${set.join(", ")}) SELECT ${set.map((it) => `pgrst_body.${it}`).join(", ")} ` +
    `FROM ${payload(name, call, value)} ${returning(name, call.query)}`;
}

function updating(name: string, call: Call, value: Value): string {
  const set = Object.keys(JSON.parse(call.body)).map((key) => `${quote(key)} = pgrst_body.${quote(key)}`);
  return `UPDATE ${table(name)} SET ${set.join(", ")} FROM ${payload(name, call, value)} ` +
    `${conditions(name, call.query, value)} ${returning(name, call.query)}`;
}

function calling(name: string, given: Record<string, unknown>, value: Value): string {
  const args = Object.entries(given).map(([key, it]) => `${quote(key)} := ${value(asText(it))}`);
  return `WITH pgrst_source AS (SELECT pgrst_call.pgrst_scalar FROM (SELECT ${table(name)}(${
    args.join(", ")
  }) pgrst_scalar) pgrst_call) ` +
    `SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, ` +
    `coalesce(json_agg(_postgrest_t.pgrst_scalar)->0, 'null') AS body, ${settings} ` +
    `FROM (SELECT ${quote(name)}.* FROM pgrst_source AS ${quote(name)}) _postgrest_t`;
}

function asText(given: unknown): string | null {
  if (given === null || typeof given === "string") return given as string | null;
  if (Array.isArray(given)) return `{${given.map((it) => JSON.stringify(it)).join(",")}}`;
  return typeof given === "object" ? JSON.stringify(given) : String(given);
}
