import { call, type Json, type Person, type Reply, sql } from "./world.ts";

/** A request that TrustPager's documentation, or a client of theirs, shows; no `status` where nothing is said of it. */
export type Documented = {
  about: string;
  method: string;
  path: string;
  key: string;
  headers?: Record<string, string>;
  body?: Json;
  status: number[];
  answer?: Json;
};
export const requests: Documented[] = JSON.parse(
  await Deno.readTextFile(new URL("./trustpager_requests.json", import.meta.url)),
);

/** How the documentation of differences names a request. */
export const nameOf = ({ method, path, body }: Documented) =>
  `${method} ${path || "(nothing)"}${body === undefined ? "" : ` ${JSON.stringify(body)}`}`;

/** The ids that the list has for the rows of its workspace. */
const id = (end: number) => `00000000-0000-4000-8000-000000000${end}`;

/** What a request needs beside the workspace, because an earlier one of the list took it. */
const before: Record<string, (companyId: string) => Promise<unknown>> = {
  "contacts create without source": (company) =>
    sql`delete from crm_contacts where company_id = ${company} and email = 'paul@example.com'`,
  "request full": (company) => sql`delete from referral_requests where company_id = ${company}`,
};

/** The workspace that the list assumes, the person's; gives its ids by those of the list. */
async function prepare(person: Person): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  const people = [["Grace", "Okafor", 101], ["Liam", "Nguyen", 102], ["Jack", "Taylor", 104], [
    "Noah",
    "Williams",
    106,
  ]];
  for (const [first_name, last_name, end] of people) {
    const email = `${first_name}.${last_name}@example.com`.toLowerCase();
    ids.set(id(Number(end)), (await person.creates("/contacts", { first_name, last_name, email })).id);
  }
  const stages = ["Enquiry", "Booked", "Treated"].map((name) => ({ name }));
  const pipeline = await person.creates("/pipelines", { name: "New patients", stages });
  ids.set(id(301), pipeline.id);
  pipeline.stages.forEach((stage: Json, at: number) => ids.set(id(311 + at), stage.id));
  for (const [end, name] of [[501, "Sofia Rossi: knee"], [502, "Jack Taylor: shoulder MRI"]] as const) {
    const opportunity = await person.creates("/opportunities", { name, contact_id: ids.get(id(104)), tags: ["web"] });
    ids.set(id(end), opportunity.id);
    await person.post(`/opportunities/${opportunity.id}/move`, {
      pipeline_id: pipeline.id,
      stage_id: ids.get(id(311)),
    });
  }
  await person.creates("/automations", { name: "On referrals", trigger_type: "referral_attributed" });
  for (const status of ["pending", "accepted"]) {
    await person.creates("/referrals", { referrer_contact_id: ids.get(id(102)), status });
  }
  await person.creates("/referrals", {
    referrer_contact_id: ids.get(id(101)),
    referred_contact_id: ids.get(id(104)),
    referred_deal_id: ids.get(id(502)),
    category: "CT",
  });
  return ids;
}

/** Sends the whole list in its order, `{created}` being what was made last; gives each request with its answer. */
export async function replay(person: Person): Promise<{ request: Documented; reply: Reply }[]> {
  const ids = await prepare(person);
  const reader = await person.holding("referrals:read");
  const tokens: Record<string, string | null> = {
    full: person.token,
    read: reader.token,
    other: "tp_live_abc",
    none: null,
  };
  const made = new Map<string, string>();
  const filled = (text: string) =>
    [...ids].reduce((all, [from, to]) => all.replaceAll(from, to), text)
      .replaceAll("{API_KEY}", person.token);
  const cursorOf = async (path: string) =>
    (await person.get(filled(path).replace(/[?&]\w+=\{next_cursor\}/, "").split("?")[0] + "?limit=1"))
      .body.pagination.next_cursor;
  const withMade = (path: string) =>
    path.split("/").map((part, at, parts) => part === "{created}" ? made.get(parts[at - 1]) ?? part : part).join("/");

  const replies: { request: Documented; reply: Reply }[] = [];
  for (const request of requests) {
    const { about, method, path, key, headers, body } = request;
    await before[about]?.(person.companyId);
    const sent = body === undefined ? undefined : JSON.stringify(body)
      .replaceAll("{created}", () => made.get("actions") ?? "");
    const cursor = path.includes("{next_cursor}") ? await cursorOf(path) : "";
    const reply = await call(method, withMade(filled(path)).replace("{next_cursor}", cursor), undefined, {
      token: tokens[key],
      headers: {
        ...(sent !== undefined && { "content-type": "application/json" }),
        ...headers && Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, filled(value)])),
      },
      raw: sent === undefined ? broken(request) : filled(sent),
    });
    const [, collection] = /([\w-]+)(?:\?.*)?$/.exec(path) ?? [];
    const created = reply.data?.id ?? reply.data?.run_id ?? reply.data?.request_id;
    // The list goes on with its referral action, whatever else it adds.
    const isOther = collection === "actions" && !/referral/.test(body?.action_type);
    if (method === "POST" && reply.status < 300 && created && collection && !isOther) {
      made.set({ trigger: "runs", subscribe: "subscriptions" }[collection] ?? collection, created);
    }
    replies.push({ request, reply });
  }
  return replies;
}

// Where the list has a content type and no body, what matters is that the body is none.
const broken = ({ method, headers }: Documented) =>
  method === "POST" && headers?.["Content-Type"] !== undefined ? "{" : undefined;

/** How we answer a request: the status, and what a documented answer has that ours has not. */
export const answerOf = ({ request, reply }: { request: Documented; reply: Reply }) =>
  [String(reply.status), ...(request.answer && reply.status < 300 ? missing(request.answer, reply.body, "") : [])]
    .join(", without ");

/** Whether that is as documented. */
export const isSame = ({ request, reply }: { request: Documented; reply: Reply }) =>
  (request.status.length === 0 || request.status.includes(reply.status)) && !answerOf({ request, reply }).includes(",");

function missing(theirs: Json, ours: Json, place: string): string[] {
  if (ours === null || typeof theirs !== "object" || theirs === null) return [];
  if (Array.isArray(theirs) !== Array.isArray(ours) || typeof ours !== "object") return [`${place} in that form`];
  return Object.entries(theirs).flatMap(([key, value]) => {
    const at = Array.isArray(theirs) ? `${place}[${key}]` : place ? `${place}.${key}` : key;
    return ours[key] === undefined ? [at] : missing(value, ours[key], at);
  });
}
