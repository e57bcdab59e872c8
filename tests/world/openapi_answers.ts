import { type Operation, operationsOf } from "../proof/hostile/requests.ts";
import { schemasOf } from "./openapi_schemas.ts";
import type { Answer, Wire } from "./raw_client.ts";
import type { Json } from "./world.ts";

const functionPath = /^\/functions\/v1\/api(\/|$)/;
const json = "application/json";
const mostBytes = 256 * 1024;
const mostHeaders = 8 * 1024;

/** Judges answers by an OpenAPI document whose base URL has the path `base`. */
export function answersBy(document: Json, base: string) {
  const operations = operationsOf(document);
  const mismatches = schemasOf(document);

  /** The operation that a request reaches, by its method and path. */
  function reached(wire: Wire): Operation | undefined {
    const path = decoded(urlOf(wire).pathname);
    const method = wire.method.toUpperCase().replace("HEAD", "GET");
    return operations
      .filter((it) => it.method === method && pattern(base + it.path).test(path))
      .sort((a, b) => a.path.split("{").length - b.path.split("{").length)[0];
  }

  /** What is wrong with an answer; nothing when all is right. */
  function problems(wire: Wire, answer: Answer): string[] {
    const { status, headers, text } = answer;
    if (isOfAnotherServer(wire, answer)) return [];
    const operation = reached(wire);
    const id = headers.get("x-request-id");
    const found = [...unless(status < 500, `is a ${status}`), ...unless(id !== null, "has no X-Request-Id")];
    if (wire.method === "OPTIONS") return [...found, ...unless(status === 204 && text === "", "is no 204")];

    // What stands at the base is for whoever has no document yet.
    if (status === 200 && urlOf(wire).pathname.replace(/\/$/, "") === base) return found;
    // Whoever has lost the end of a form's address is shown a page.
    if (status === 404 && urlOf(wire).pathname.replace(/\/$/, "") === `${base}/refer`) return found;
    const documented: Json = operation?.contract.responses[status];
    const isTooBig = status === 413 && (wire.body?.length ?? 0) > mostBytes;
    const isAstray = !operation && (status === 404 || status === 405);
    if (!documented && !isTooBig && !isAstray) return [...found, `has the undocumented status ${status}`];
    if (operation && status < 300) found.push(...unexpected(operation, wire));
    if (wire.method === "HEAD" || status === 204) return [...found, ...unless(text === "", "has a body")];

    const [type] = Object.keys(documented?.content ?? { [json]: "an error" });
    const sent = headers.get("content-type")?.split(";")[0];
    if (sent !== type) return [...found, `is ${sent}, not ${type}`];
    if (type !== json) return found;
    const body = JSON.parse(text);
    const place = documented && operation
      ? [...placeOf(operation), "responses", String(status), "content", json, "schema"]
      : ["components", "schemas", "Error"];
    const isChosen = /[?&]fields=/.test(wire.target);
    return [
      ...found,
      ...envelope(body, status, id),
      ...mismatches(place, body)
        // `fields` chooses which keys a row has.
        .filter(({ keyword, path }) => !(isChosen && keyword === "required" && /^\/data(\/\d+)?$/.test(path)))
        .map(({ message }) => message),
    ];
  }

  // What is not documented as accepted must not be taken.
  function unexpected({ method, path, contract }: Operation, wire: Wire): string[] {
    if (contract.isPage) return [];
    const accepted = (contract.parameters ?? []).map(({ name }: Json) => name);
    const given = [...urlOf(wire).searchParams.keys()].filter((name) => name !== "");
    const strange = given.filter((name, at) => !accepted.includes(name) || given.indexOf(name) !== at);
    // Some operations take a body or none.
    const sent = contract.requestBody && wire.body?.length
      ? mismatches(
        [...placeOf({ method, path, contract }), "requestBody", "content", json, "schema"],
        JSON.parse(
          new TextDecoder().decode(wire.body),
          (_, value) => typeof value === "string" ? value.trim() : value,
        ),
      )
      : [];
    return [
      ...strange.map((name) => `took the parameter ${name}`),
      ...sent.map(({ message }) => `took a body that ${message}`),
    ];
  }

  /** Whether an answer is one that only a living key may get. */
  function needsKey(wire: Wire, { status }: Answer): boolean {
    return status < 300 && wire.method !== "OPTIONS" && (reached(wire)?.contract.security ?? []).length > 0;
  }

  return { reached, problems, needsKey };
}

// What the servers in front of the function refuse by themselves.
function isOfAnotherServer(wire: Wire, { status, headers }: Answer): boolean {
  if (headers.has("x-request-id")) return false;
  const size = wire.headers.reduce((sum, each) => sum + each.join().length, wire.target.length);
  return ([400, 414, 431].includes(status) && size > mostHeaders) ||
    (status === 405 && wire.method === "TRACE") ||
    (status === 404 && !functionPath.test(urlOf(wire).pathname));
}

function envelope({ error, meta }: Json, status: number, id: string | null): string[] {
  return [
    ...unless((error ?? meta)?.request_id === id, "names another request_id than its header"),
    ...unless(error === undefined || error.status === status, "names another status"),
    ...unless((error === undefined) === (status < 400), "is no envelope for its status"),
  ];
}

const unless = (fine: boolean, problem: string) => fine ? [] : [problem];
const placeOf = ({ path, method }: Operation) => ["paths", path, method.toLowerCase()];
const pattern = (path: string) => new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`, "s");
const urlOf = ({ target }: Wire) => new URL(`http://stack${target}`);

function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
