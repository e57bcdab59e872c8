import type { z } from "zod";
import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import type { ErrorCode } from "../contract/errors.ts";
import type { Found } from "./input.ts";
import type { ListPage } from "../data/lists.ts";
import type { Scope } from "../contract/scopes.ts";

type Nothing = z.ZodObject<Record<never, never>>;
type Schema = z.ZodObject | undefined;

/** What an endpoint promises: the one source of its validation, its types and its OpenAPI operation. */
type Contract<
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
  One extends Schema = undefined,
  Many extends Schema = undefined,
> = {
  method: "get" | "post" | "patch" | "delete";
  /** Below the base URL, with `:name` for parameters. */
  path: string;
  summary: string;
  description?: string;
  /** The scope a key needs; null: any living key will do. */
  scope: Scope | null;
  /** The scopes that a key needs beside it for what this body would do later. */
  alsoNeeds?: (body: z.output<Body>) => Scope[];
  params?: Params;
  query?: Query;
  body?: Body;
  /** Whether an absent body is an empty object. */
  bodyIsOptional?: true;
  /**
   * Judges what takes more than a schema, such as a phone in the workspace's country: asked beside the schema, of the body as
   * it was sent, so that all problems are in one answer.
   */
  complete?(
    request: { sent: Record<string, unknown>; params: z.output<Params>; database: Database },
  ): Promise<Completed>;
  /** The schema of `data` when it is one object. */
  answer?: One;
  /** The schema of each object in `data` when it is a page of them; neither for 204. */
  list?: Many;
  status?: 200 | 201 | 204;
  /** Whether it sends a mail: for a metered key that takes more credits. */
  mails?: true;
  /** Refusals that cannot be told from the rest of the contract. */
  refusals?: ErrorCode[];
};

/** The values to put into a body, or what is wrong with those that were sent. */
export type Completed = { values?: Record<string, unknown>; problems?: Found[] };

export type Request<Params, Query, Body> = {
  params: Params;
  query: Query;
  body: Body;
  database: Database;
  config: Config;
  /** Where the call came from. */
  address: string;
};

/** What any handler gives: `data`, its page when it is a list, and the path of what was created. */
export type Handled = { data?: unknown; pagination?: ListPage["pagination"]; location?: string };

/** What the handler of such a contract must give: every key of its answer, but only some where callers choose `fields`. */
type Promised<Query extends z.ZodObject, One extends Schema, Many extends Schema> = Many extends z.ZodObject
  ? ListPage<Shown<Query, Many>>
  : One extends z.ZodObject ? { data: Shown<Query, One>; location?: string }
  : Record<never, never>;

type Shown<Query extends z.ZodObject, Row extends z.ZodObject> = "fields" extends keyof Query["shape"]
  ? Partial<z.output<Row>>
  : z.output<Row>;

type Handler<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends z.ZodObject,
  One extends Schema,
  Many extends Schema,
> = (request: Request<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Promised<Query, One, Many>>;

export type Endpoint = {
  /** Whether holders of an API key may call it, or whoever holds a link's token. */
  access: "keyed" | "open";
  contract: Omit<Contract<z.ZodObject, z.ZodObject, z.ZodObject, Schema, Schema>, "alsoNeeds"> & {
    alsoNeeds?: (body: never) => Scope[];
  };
  handle: (request: Request<never, never, never>) => Promise<Handled>;
};

/** An endpoint for holders of an API key; the app lets nobody else, and no other scope, reach its handler. */
export function keyed<
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
  One extends Schema = undefined,
  Many extends Schema = undefined,
>(
  contract: Contract<Params, Query, Body, One, Many>,
  handle: Handler<Params, Query, Body, One, Many>,
): Endpoint {
  return { access: "keyed", contract, handle };
}

/** An endpoint for whoever holds a link's token, as `anon`. */
export function open<
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
  One extends Schema = undefined,
  Many extends Schema = undefined,
>(
  contract: Omit<Contract<Params, Query, Body, One, Many>, "scope">,
  handle: Handler<Params, Query, Body, One, Many>,
): Endpoint {
  return { access: "open", contract: { ...contract, scope: null }, handle };
}
