import type postgres from "postgres";
import { type Answer, recordedApi } from "./recorded_api.ts";
import { type Call, type Statement, statementsOf } from "./postgrest.ts";
import { scene } from "./scene.ts";
import type { Role, Session } from "./session.ts";

export interface NamedStatement {
  /** The API's request, with `{…}` for its values, and which part of it this is. */
  name: string;
  role: Role;
  isWrite: boolean;
  /** Whether it may not grow with the workspace; else it is only reported. */
  judged: boolean;
  /** The same statement for other rows, one after the other. */
  variants: Statement[];
}

type Asked = { method: string; path: string; body?: unknown; first?: Answer; as?: string };
type Values = Record<string, string | string[]>;

/** A page's rows, and the one more that tells whether there are others. */
export const pageRows = 26;
const deepest = 999 * (pageRows - 1);
const variants = 20;

export const lists = [
  "/referrals",
  "/referrals?status=pending",
  "/referrals?referrer_contact_id={referrer}",
  "/referrals?referred_contact_id={friend}",
  "/referrals?referred_deal_id={deal}",
  "/referrals?category=MRI",
  "/referrals?source=automation",
  "/referrals?created_after={middle}",
  "/referrals?created_before={middle}",
  "/referrals?sort=updated_at",
  "/referrals?order=asc",
  "/referrals?expand=referrer,referred_contact,opportunity",
  "/referrals/requests",
  "/referrals/requests?status=sent",
  "/referrals/requests?status=viewed",
  "/referrals/requests?status=submitted",
  "/referrals/requests?status=expired",
  "/referrals/requests?contact_id={asked}",
  "/opportunities",
  "/opportunities?status=won",
  "/opportunities?contact_id={client}",
  "/opportunities?primary_referrer_contact_id={primary}",
  "/opportunities?pipeline_id={pipeline}",
  "/opportunities?pipeline_id={rarePipeline}",
  "/opportunities?stage_id={stage}",
  "/opportunities?stage_id={rareStage}",
  "/opportunities?sort=updated_at",
  "/opportunities?expand=referrer,contact",
  "/contacts",
  "/contacts?sort=updated_at",
  "/contacts?archived=all",
  "/contacts?archived=true",
  "/contacts?email_unsubscribed=true",
  "/contacts?source=website",
  "/pipelines",
  "/automations",
  "/automations?trigger_type=referral_attributed",
  "/automations/{automation}/actions",
  "/automations/{automation}/runs",
  "/automations/{automation}/runs?status=completed",
  "/automations/{automation}/runs?status=failed",
  "/webhooks/subscriptions",
  "/webhooks/subscriptions/{subscription}/logs",
  "/webhooks/subscriptions/{subscription}/logs?status=delivered",
  "/webhooks/subscriptions/{subscription}/logs?status=failed",
  "/webhooks/subscriptions/{subscription}/logs?event_type=webhook_test",
  "/webhooks/subscriptions/{subscription}/logs?event_id={event}",
];

const combined = [
  "/referrals?status=declined&category=Surgery",
  "/referrals?status=pending&sort=updated_at",
  "/referrals?referrer_contact_id={referrer}&status=converted",
  "/opportunities?stage_id={stage}&status=lost",
  "/opportunities?search=opportunity",
  "/opportunities?search=opportunity 1f",
  "/opportunities?search=nowhere",
  "/contacts?search=grace",
  "/contacts?search=contact7@",
  "/contacts?search=nobody",
];

const duplicate = { status: 409, body: { code: "23505", message: "", details: null, hint: null } };

const reads: Asked[] = [
  { method: "GET", path: "/referrals/{referrals}" },
  { method: "GET", path: "/referrals/{referrals}?expand=referrer,referred_contact,opportunity" },
  { method: "GET", path: "/referrals/leaderboard" },
  { method: "GET", path: "/referrals/leaderboard?limit=20&only_converted=true" },
  { method: "GET", path: "/referrals/requests/{requests}" },
  { method: "GET", path: "/opportunities/{deals}" },
  { method: "GET", path: "/opportunities/{deals}?expand=referrer,contact" },
  { method: "GET", path: "/contacts/{contacts}" },
  { method: "GET", path: "/automations/runs/{runs}" },
  { method: "GET", path: "/company" },
  { method: "GET", path: "/company/crm-settings" },
  { method: "GET", path: "/public/referral-requests/token-{requests}" },
];

const chain = { referrer_contact_id: "{contacts}", referred_contact_id: "{friends}", referred_deal_id: "{deals}" };
const friendless = { referrer_contact_id: "{contacts}", referred_deal_id: "{deals}" };
const busyChain = { referrer_contact_id: "{referrer}", referred_deal_id: "{deal}", category: "MRI" };
const friend = { first_name: "Noah", email: "{unique}@example.com", phone: "+61400000000", consent: true };

const writes: Asked[] = [
  { method: "POST", path: "/referrals", body: chain },
  { method: "POST", path: "/referrals", body: friendless, as: "of an unknown friend" },
  { method: "POST", path: "/referrals", body: busyChain, as: "of the busiest referrer and opportunity" },
  { method: "POST", path: "/referrals", body: chain, first: duplicate, as: "that is there" },
  { method: "PATCH", path: "/referrals/{referrals}", body: { status: "converted" } },
  {
    method: "PATCH",
    path: "/referrals/{busyReferrals}",
    body: { status: "declined" },
    as: "of the busiest opportunity",
  },
  {
    method: "PATCH",
    path: "/referrals/{referrals}",
    body: { referred_deal_id: "{deals}" },
    as: "to another opportunity",
  },
  { method: "DELETE", path: "/referrals/{referrals}" },
  { method: "DELETE", path: "/referrals/{busyReferrals}", as: "of the busiest opportunity" },
  { method: "POST", path: "/referrals/{referrals}/convert" },
  {
    method: "POST",
    path: "/referrals/attribute",
    body: { opportunity_id: "{deals}", referrer_contact_id: "{contacts}", category: "MRI" },
  },
  {
    method: "POST",
    path: "/referrals/attribute",
    body: { opportunity_id: "{handSetDeals}", referrer_contact_id: null },
    as: "clearing it",
  },
  { method: "POST", path: "/referrals/request", body: { contact_id: "{contacts}", deal_id: "{deals}", force: true } },
  { method: "POST", path: "/referrals/requests/{requests}/resend" },
  { method: "DELETE", path: "/referrals/requests/{requests}" },
  { method: "POST", path: "/opportunities", body: { name: "Knee", contact_id: "{contacts}" } },
  { method: "PATCH", path: "/opportunities/{deals}", body: { status: "won" } },
  { method: "POST", path: "/opportunities/{deals}/move", body: { pipeline_id: "{pipeline}", stage_id: "{stage}" } },
  { method: "POST", path: "/contacts", body: { first_name: "Rita", email: "{unique}@example.com" } },
  {
    method: "POST",
    path: "/contacts",
    body: { first_name: "Rita", email: "{emails}" },
    first: duplicate,
    as: "that is there",
  },
  { method: "PATCH", path: "/contacts/{contacts}", body: { first_name: "Rita" } },
  { method: "POST", path: "/automations/{automation}/trigger", body: { trigger_data: { deal_id: "{deals}" } } },
  { method: "POST", path: "/public/referral-requests/token-{requests}/viewed" },
  { method: "POST", path: "/public/referral-requests/token-{requests}/submit", body: friend },
];

/** Every statement that the API sends for a workspace. Takes a superuser's connection, and a session of a key of it. */
export async function statements(sql: postgres.Sql, session: Session, companyId: string): Promise<NamedStatement[]> {
  const values = await scene(sql, companyId);
  await using api = await recordedApi();
  const found: NamedStatement[] = [];

  for (const path of [...lists, ...combined]) {
    const judged = lists.includes(path);
    const add = (part: string, statement: Statement | undefined, isJudged = judged) => {
      if (!statement) return;
      found.push({
        name: `GET ${path}, ${part}`,
        role: "api_key",
        isWrite: false,
        judged: isJudged,
        variants: [statement],
      });
    };
    const first = await api.callsFor("GET", filled(path, values));
    const { page, count } = statementsOf(first.calls.find(isPage)!);
    add("page 1", page);
    // Up to a thousand and one rows, so it grows until there are as many.
    add("count", count, false);

    const id = path.includes("/runs") ? "run_id" : "id";
    const bare = await api.callsFor(
      "GET",
      withParameter(filled(path.replace(/expand=.*/, ""), values), `fields=${id}`),
    );
    const last = await rowBefore(session, statementsOf(bare.calls.find(isPage)!).page);
    if (!last) continue;
    const listed = await api.callsFor("GET", filled(path, values), undefined, { body: Array(pageRows).fill(last) });
    const { next_cursor: after } = JSON.parse(listed.answer).pagination;
    const { calls } = await api.callsFor("GET", withParameter(filled(path, values), `after=${after}`));
    add("page 1,000", statementsOf(calls.find(isPage)!).page);
    const beside = calls.find(({ method }) => method === "HEAD");
    add("count beside page 1,000", beside && statementsOf(beside).page, false);
  }

  for (const request of [...reads, ...writes]) {
    const isWrite = writes.includes(request);
    const made: Statement[] = [];
    for (let i = 0; i < variants; i++) {
      const body = request.body && JSON.parse(filled(JSON.stringify(request.body), values, i));
      const { calls } = await api.callsFor(request.method, filled(request.path, values, i), body, request.first);
      const wanted = isWrite ? calls.filter(({ method }) => method !== "GET") : calls;
      made.push(statementsOf(wanted[request.first ? 1 : 0]).page);
    }
    const name = [request.method, request.path, request.as].filter(Boolean).join(" ");
    found.push({
      name,
      role: request.path.startsWith("/public/") ? "anon" : "api_key",
      isWrite,
      judged: true,
      variants: made,
    });
  }
  return found;
}

const withParameter = (path: string, parameter: string) => `${path}${path.includes("?") ? "&" : "?"}${parameter}`;
const isPage = ({ method, query }: Call) => method === "GET" && query.has("limit");

/** The row before the thousandth page of a list, or before its last page when it is shorter. */
async function rowBefore({ run }: Session, { text, parameters }: Statement): Promise<Record<string, unknown> | null> {
  const at = async (limit: number, offset: number) => {
    const placed = [...parameters.slice(0, -2), String(limit), String(offset)];
    const [{ page_total, body }] = await run({ text, parameters: placed });
    return { count: Number(page_total), row: JSON.parse(body)[0] };
  };
  const { count } = await at(deepest, 0);
  return (await at(1, Math.max(0, count - pageRows))).row ?? null;
}

function filled(template: string, values: Values, i = 0): string {
  return template.replace(/\{(\w+)\}/g, (_, name) => {
    if (name === "unique") return crypto.randomUUID();
    const value = values[name];
    if (value === undefined || value.length === 0) throw new Error(`The scene has no ${name}.`);
    return typeof value === "string" ? value : value[i % value.length];
  });
}
