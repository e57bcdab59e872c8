import type { Endpoint } from "../../../supabase/functions/api/http/endpoint.ts";
import {
  bodyOf,
  endpoints,
  isReference,
  nowhere,
  pathTo,
  reference,
  type Rows,
  scopesBeside,
} from "../../world/every_endpoint.ts";
import { eventually, type Json, type Person } from "../../world/world.ts";
import { ask, type Cell } from "./cells.ts";
import { type Principal, signedFor } from "./principals.ts";
import { secretsFor } from "./rest_scopes.ts";
import { opens, scopeOf } from "./rules.ts";
import type { Workspace } from "./workspaces.ts";

const references = (shape: Json) => Object.keys(shape ?? {}).filter(isReference);
const fieldsOf = (rows: Rows, names: string[]) =>
  Object.fromEntries(names.map((name) => [name, reference(name, rows)]));

const request = (endpoint: Endpoint, rows: Rows): Pick<Cell, "method" | "path" | "body"> => ({
  method: endpoint.contract.method.toUpperCase(),
  path: pathTo(endpoint, rows),
  body: bodyOf(endpoint, rows),
});

const about = ({ contract }: Endpoint) => [`${contract.method} ${contract.path}`];

/** One caller at every endpoint, with bob's rows wherever it takes a row. */
export function endpointCells(who: Principal, mine: Workspace, theirs: Workspace): Cell[] {
  const chosen = endpoints.filter((endpoint) => !who.lacks || who.lacks === scopeOf(endpoint));
  return chosen.map((endpoint): Cell => {
    const namesRows = endpoint.contract.params !== undefined && hasId(endpoint) ||
      Object.keys(bodyOf(endpoint, theirs.named) ?? {}).some(isReference);
    const found = namesRows ? ["404 NOT_FOUND"] : ["2", "409 CONFLICT"];
    const isLiving = who.standing === "living";
    const taken = [scopeOf(endpoint), ...scopesBeside(endpoint)];
    const lacking = taken.find((one) => !opens(who.scopes, one));
    const isOpen = isLiving && lacking === undefined;
    return {
      who,
      to: "api",
      ...request(endpoint, theirs.named),
      accepted: isOpen ? found : [isLiving ? "403 INSUFFICIENT_SCOPE" : "401 UNAUTHORIZED"],
      told: isLiving && !isOpen ? new RegExp(` ${lacking}\\.`) : undefined,
      changes: isOpen && !namesRows && endpoint.contract.method !== "get",
      secret: secretsFor(who, mine, theirs),
      about: about(endpoint),
    };
  });
}

/** Whether a parameter of its path is the id of a row of the workspace. */
const hasId = ({ contract }: Endpoint) => /:\w*[iI]d\b/.test(contract.path);

/** Whoever may do all, with rows of her own: what makes every refusal here one of isolation, and of nothing else. */
export function ownCells(admin: Principal, mine: Workspace, theirs: Workspace): Cell[] {
  return endpoints.map((endpoint): Cell => ({
    who: admin,
    to: "api",
    ...request(endpoint, mine.named),
    accepted: ["2", "409 CONFLICT"],
    changes: endpoint.contract.method !== "get",
    secret: [theirs.values],
    about: about(endpoint),
  }));
}

/** Whoever may do all in alice's workspace, at bob's rows: in the path, in the body one by one and all at once, in filters. */
export function foreignCells(admin: Principal, mine: Workspace, theirs: Workspace): Cell[] {
  const gone = nowhere();
  return endpoints.flatMap((endpoint) => {
    const { method, body } = request(endpoint, mine.named);
    const cell = { who: admin, to: "api" as const, method, secret: [theirs.values], about: about(endpoint) };
    const [foreign, missing, own] = [theirs.named, gone, mine.named].map((rows) => pathTo(endpoint, rows));
    const fields = references(endpoint.contract.body?.shape);
    const inBody = [...fields.map((name) => [name]), ...(fields.length > 1 ? [fields] : [])];
    const filters = references(endpoint.contract.query?.shape);
    return [
      ...(hasId(endpoint)
        ? [{ ...cell, path: foreign, body, twin: { path: missing, body }, accepted: ["404 NOT_FOUND"] }]
        : []),
      ...inBody.map((names) => ({
        ...cell,
        path: own,
        body: { ...body, ...fieldsOf(theirs.named, names) },
        twin: { path: own, body: { ...body, ...fieldsOf(gone, names) } },
        accepted: ["404 NOT_FOUND"],
      })),
      ...filters.map((name) => ({
        ...cell,
        path: `${own}?${name}=${reference(name, theirs.named)}`,
        twin: { path: `${own}?${name}=${reference(name, gone)}` },
        accepted: ["200 []"],
      })),
    ];
  });
}

/** A token whose time runs out between two calls: that its signature was right is remembered, not that it was in time. */
export function endingCell(alice: Person): Cell {
  const accepted = ["401 UNAUTHORIZED"];
  const cell = { to: "api" as const, method: "GET", path: "/contacts", accepted, secret: [], about: ["get /contacts"] };
  return {
    ...cell,
    who: stranger,
    query: async (send) => {
      const exp = Math.floor(Date.now() / 1_000) + 2;
      const who = await signedFor(alice, { exp });
      await ask({ ...cell, who }, send);
      await eventually(() => Date.now() >= exp * 1_000);
      return await ask({ ...cell, who }, send);
    },
  };
}

const stranger: Principal = { name: "a token that ends meanwhile", standing: "refused", scopes: [], headers: {} };

const grammar = [
  "limit",
  "after",
  "cursor",
  "before",
  "sort",
  "order",
  "created_after",
  "created_before",
  "fields",
  "expand",
];

/** Whoever may do all in alice's workspace, at every list: by bob's words and with bob's cursors, expanded and sorted. */
export async function listCells(admin: Principal, bob: Person, theirs: Workspace): Promise<Cell[]> {
  const lists = endpoints.filter(({ contract }) => contract.list && !contract.path.includes(":"));
  return (await Promise.all(lists.map(async (endpoint) => {
    const { path, query } = endpoint.contract;
    const shape: Json = query?.shape ?? {};
    const words = Object.keys(shape).filter((name) =>
      !grammar.includes(name) && !isReference(name) &&
      theirs.values.words.some((word) => shape[name].safeParse(word).success)
    );
    const expand = expansionsOf(shape);
    const { pagination } = (await bob.get(`${path}?limit=1`)).body;
    const queries: [string, string[]][] = [
      ...words.flatMap((name) =>
        theirs.values.words.filter((word) => shape[name].safeParse(word).success).slice(0, 5)
          .map((word): [string, string[]] => [`${name}=${encodeURIComponent(word)}`, ["200 []"]])
      ),
      ...["created_at", "updated_at"].filter(() => shape.sort).flatMap((sort) =>
        ["asc", "desc"].map((
          order,
        ): [string, string[]] => [`sort=${sort}&order=${order}${expand}&limit=100`, ["200 …"]])
      ),
      ...(pagination?.next_cursor
        ? [[`limit=1&after=${pagination.next_cursor}`, ["200", "400"]] as [string, string[]]]
        : []),
    ];
    return queries.map(([search, accepted]): Cell => ({
      who: admin,
      to: "api",
      method: "GET",
      path: `${path}?${search}`,
      accepted,
      secret: [theirs.values],
      about: about(endpoint),
    }));
  }))).flat();
}

/** Everything that a list says it can inline: `expand`'s own refusal names it. */
function expansionsOf(shape: Json): string {
  if (!shape.expand) return "";
  const [issue] = shape.expand.safeParse("everything").error.issues;
  return `&expand=${issue.message.replace("must be some of ", "").replaceAll(" ", "")}`;
}
