import { type Scope } from "../../supabase/functions/api/contract/scopes.ts";
import { type Endpoint } from "../../supabase/functions/api/http/endpoint.ts";
import { endpoints as all } from "../../supabase/functions/api/app.ts";
import { call, chain, type Json, type Person, type Reply, sql } from "./world.ts";

/** Every endpoint behind an API key. */
export const endpoints = all.filter(({ access }) => access === "keyed");

/** A row of each kind, by the names that paths, bodies and filters have for its id. */
export type Rows = { paths: Record<string, string>; fields: Record<string, string> };

/** An address that webhooks may go to, where nobody listens; each is another. */
const receiver = () => `http://127.0.0.1:9/${crypto.randomUUID()}`;

/** One row of each kind in the person's workspace, none of which acts by itself: nothing changes them behind the tests. */
export async function rowsOf(person: Person): Promise<Rows> {
  const { referrer, friend, opportunity, referral } = await chain(person);
  const pipeline = await person.creates("/pipelines", {
    name: "New patients",
    stages: [{ name: "Enquiry" }],
  });
  const [stage] = pipeline.stages;
  const unused = await person.creates("/pipelines", { name: "Old patients", stages: [{ name: "Lost" }] });
  await done(person.post(`/opportunities/${opportunity.id}/move`, { pipeline_id: pipeline.id, stage_id: stage.id }));
  const request = await person.creates("/referrals/request", { contact_id: friend.id });
  const withdrawn = await person.creates("/referrals/request", { contact_id: referrer.id });
  await person.delete(`/referrals/requests/${withdrawn.request_id}`);
  const automation = await person.creates("/automations", {
    name: "Thank them",
    trigger_type: "stage_changed",
    stage_id: stage.id,
  });
  const action = await person.creates(`/automations/${automation.id}/actions`, {
    action_type: "attribute_referral",
    config: { referrer_contact_id: "{{contact.id}}" },
  });
  // It has nothing to attribute: the run has a result, and changes nothing.
  const run = await done(person.post(`/automations/${automation.id}/trigger`, { trigger_data: {} }));
  const subscription = await person.creates("/webhooks/subscriptions", {
    url: receiver(),
    events: ["stage_changed"],
    enabled: false,
  });
  const [delivery] = await sql`
    insert into webhook_deliveries (company_id, subscription_id, event_id, event_type, status, due_at)
    values (${person.companyId}, ${subscription.id}, ${run.event_id}, 'stage_changed', 'delivered', null)
    returning id`;
  await sql`insert into private.workspace_limits values (${person.companyId}, 'actions', 20) on conflict do nothing`;
  return named({
    action: action.id,
    automation: automation.id,
    contact: friend.id,
    delivery: delivery.id,
    event: run.event_id,
    opportunity: opportunity.id,
    pipeline: pipeline.id,
    referral: referral.id,
    referrer: referrer.id,
    request: request.request_id,
    run: run.run_id,
    stage: stage.id,
    subscription: subscription.id,
    unusedPipeline: unused.id,
    unusedStage: unused.stages[0].id,
  });
}

async function done(asked: Promise<Reply>): Promise<Json> {
  const { status, text, data } = await asked;
  if (status !== 200) throw new Error(text);
  return data;
}

const kinds = [
  "action",
  "automation",
  "contact",
  "delivery",
  "event",
  "opportunity",
  "pipeline",
  "referral",
  "referrer",
  "request",
  "run",
  "stage",
  "subscription",
  // what nothing stands in, and what can be deleted
  "unusedPipeline",
  "unusedStage",
] as const;
type Kind = typeof kinds[number];

/** Ids of nothing. */
export const nowhere = (): Rows =>
  named(Object.fromEntries(kinds.map((kind) => [kind, crypto.randomUUID()])) as Record<Kind, string>);

function named(ids: Record<Kind, string>): Rows {
  return {
    paths: {
      "/automations": ids.automation,
      "/automations/:id/actions": ids.action,
      "/automations/action-types": "send_email",
      "/automations/runs": ids.run,
      "/contacts": ids.contact,
      "/deals": ids.opportunity,
      "/opportunities": ids.opportunity,
      "/pipelines": ids.unusedPipeline,
      "/pipelines/:id/stages": ids.unusedStage,
      "/referrals": ids.referral,
      "/referrals/requests": ids.request,
      "/schemas/triggers": "referral_attributed",
      "/webhooks/deliveries": ids.delivery,
      "/webhooks/subscriptions": ids.subscription,
    },
    fields: {
      // Of the audit log: any row's, and whoever's.
      actor_id: ids.automation,
      entity_id: ids.referral,
      contact_id: ids.contact,
      // of nothing: there is no such row here
      customer_id: crypto.randomUUID(),
      deal_id: ids.opportunity,
      event_id: ids.event,
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
    Object.entries(example).map(([field, value]) => [
      field,
      isReference(field) ? reference(field, rows) : field === "url" ? receiver() : value,
    ]),
  );
}

export const isReference = (field: string) => field.endsWith("_id");
export const reference = (field: string, rows: Rows) => rows.fields[field] ?? missing(field);

function missing(name: string): never {
  throw new Error(`every_endpoint.ts has no row for ${name}: give it one.`);
}

const alsoTaken: Record<string, Scope[]> = {
  "POST /automations": ["opportunities:read"],
  "POST /automations/:id/actions": ["contacts:read"],
  "PATCH /automations/:id/actions/:actionId": ["contacts:read"],
  "POST /webhooks/subscribe": ["referrals:read"],
  "POST /webhooks/subscriptions": ["referrals:read"],
  "PATCH /webhooks/subscriptions/:id": ["referrals:read", "opportunities:read"],
};

/** The scopes that the contract asks beside the endpoint's own for what its documented body would do later. */
export const scopesBeside = (endpoint: Endpoint): Scope[] => alsoTaken[title(endpoint)] ?? [];

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
