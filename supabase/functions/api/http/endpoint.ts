import type { z } from "zod";
import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import type { ErrorCode } from "../contract/errors.ts";
import type { Page } from "../data/lists.ts";
import type { Scope } from "../contract/scopes.ts";

type Nothing = z.ZodObject<Record<never, never>>;

/** What an endpoint promises: the one source of its validation, its types and its OpenAPI operation. */
export type Contract<
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
> = {
  method: "get" | "post" | "patch" | "delete";
  /** Below the base URL, with `:name` for parameters. */
  path: string;
  summary: string;
  description?: string;
  /** The scope a key needs; null: any living key will do. */
  scope: Scope | null;
  params?: Params;
  query?: Query;
  body?: Body;
  /** The schema of `data`, `list` when it is an array of them; nothing for 204. */
  answer?: z.ZodObject;
  list?: boolean;
  status?: 200 | 201 | 204;
  /** Refusals that cannot be told from the rest of the contract. */
  refusals?: ErrorCode[];
};

export type Request<Params, Query, Body> = {
  params: Params;
  query: Query;
  body: Body;
  database: Database;
  config: Config;
  /** Where the call came from. */
  address: string;
};

/** What a handler gives: `data`, its page when it is a list, and the path of what was created. */
export type Result = { data?: unknown; pagination?: Page["pagination"]; location?: string };

export type Endpoint = {
  /** Whether holders of an API key may call it, or whoever holds a link's token. */
  access: "keyed" | "open";
  contract: Contract<z.ZodObject, z.ZodObject, z.ZodObject>;
  handle: (request: Request<never, never, never>) => Promise<Result>;
};

/** An endpoint for holders of an API key; the app lets nobody else, and no other scope, reach its handler. */
export function keyed<
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
>(
  contract: Contract<Params, Query, Body>,
  handle: (request: Request<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Result>,
): Endpoint {
  return { access: "keyed", contract, handle };
}

/** An endpoint for whoever holds a link's token, as `anon`. */
export function open<
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
>(
  contract: Omit<Contract<Params, Query, Body>, "scope">,
  handle: (request: Request<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Result>,
): Endpoint {
  return { access: "open", contract: { ...contract, scope: null }, handle };
}
