import { type Endpoint } from "../supabase/functions/api/endpoint.ts";
import { endpoints as all } from "../supabase/functions/api/app.ts";
import { call, chain, type Json, type Person, type Reply } from "./world.ts";

/** Every endpoint behind an API key. */
export const endpoints = all.filter(({ access }) => access === "keyed");

/** A row of each kind, by the names that paths, bodies and filters have for its id. */
export type Rows = { paths: Record<string, string>; fields: Record<string, string> };

/** One row of each kind in the person's workspace. */
export async function rowsOf(person: Person): Promise<Rows> {
  const { referrer, friend, opportunity, referral } = await chain(person);
  const pipeline = await person.creates("/pipelines", { name: "New patients", stages: [{ name: "Enquiry" }] });
  const [stage] = pipeline.stages;
  const moved = await person.post(`/opportunities/${opportunity.id}/move`, {
    pipeline_id: pipeline.id,
    stage_id: stage.id,
  });
  if (moved.status !== 200) throw new Error(moved.text);
  const request = await person.creates("/referrals/request", { contact_id: friend.id });
  return named({
    contact: friend.id,
    opportunity: opportunity.id,
    pipeline: pipeline.id,
    referral: referral.id,
    referrer: referrer.id,
    request: request.request_id,
    stage: stage.id,
  });
}

/** Ids of nothing. */
export function nowhere(): Rows {
  const any = () => crypto.randomUUID();
  return named({
    contact: any(),
    opportunity: any(),
    pipeline: any(),
    referral: any(),
    referrer: any(),
    request: any(),
    stage: any(),
  });
}

type Kind = "contact" | "opportunity" | "pipeline" | "referral" | "referrer" | "request" | "stage";

function named(ids: Record<Kind, string>): Rows {
  return {
    paths: {
      "/contacts": ids.contact,
      "/deals": ids.opportunity,
      "/opportunities": ids.opportunity,
      "/pipelines": ids.pipeline,
      "/referrals": ids.referral,
      "/referrals/requests": ids.request,
    },
    fields: {
      contact_id: ids.contact,
      deal_id: ids.opportunity,
      opportunity_id: ids.opportunity,
      pipeline_id: ids.pipeline,
      primary_referrer_contact_id: ids.referrer,
      referral_pipeline_id: ids.pipeline,
      referral_stage_id: ids.stage,
      referred_contact_id: ids.contact,
      referred_deal_id: ids.opportunity,
      referrer_contact_id: ids.referrer,
      stage_id: ids.stage,
    },
  };
}

/** The endpoint's name in the tables of these tests. */
export const title = ({ contract }: Endpoint) => `${contract.method.toUpperCase()} ${contract.path}`;

/** The endpoint's path with the ids of `rows`. */
export const pathTo = ({ contract }: Endpoint, rows: Rows) =>
  contract.path.replace(/\/:\w+/g, (_, at: number) => {
    const collection = contract.path.slice(0, at);
    return `/${rows.paths[collection] ?? missing(collection)}`;
  });

/** The endpoint's documented body, its references those of `rows`; nothing where it takes none. */
export function bodyOf({ contract }: Endpoint, rows: Rows): Json {
  const example = contract.body?.meta()?.example;
  return example && Object.fromEntries(
    Object.entries(example).map(([field, value]) => [field, isReference(field) ? reference(field, rows) : value]),
  );
}

export const isReference = (field: string) => field.endsWith("_id");
export const reference = (field: string, rows: Rows) => rows.fields[field] ?? missing(field);

function missing(name: string): never {
  throw new Error(`every_endpoint.ts has no row for ${name}: give it one.`);
}

export type Asking = { token?: string; headers?: Record<string, string>; query?: string };

/** What `show` sees in the answers of `chosen`, each a right request but for who asks, by the endpoint's name. */
export async function askEach<Shown>(
  chosen: Endpoint[],
  rows: Rows,
  asking: Asking | ((endpoint: Endpoint) => Asking),
  show: (reply: Reply, endpoint: Endpoint) => Shown,
): Promise<Record<string, Shown>> {
  return Object.fromEntries(
    await Promise.all(chosen.map(async (endpoint) => {
      const { query = "", ...options } = typeof asking === "function" ? asking(endpoint) : asking;
      const method = endpoint.contract.method.toUpperCase();
      const reply = await call(method, pathTo(endpoint, rows) + query, bodyOf(endpoint, rows), options);
      return [title(endpoint), show(reply, endpoint)];
    })),
  );
}
