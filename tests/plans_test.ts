import { assertEquals } from "@std/assert";
import postgres from "postgres";
import { empty, fill } from "../bench/generator.ts";
import { type Executed, nodes, openExplainer, rowsRead } from "../bench/plans.ts";
import { openSession } from "../bench/session.ts";
import { lists, pageRows, statements } from "../bench/statements.ts";
import { stack } from "./world.ts";

// Half of them are one workspace's.
const referrals = 30_000;
/** What a page or a write may read of a table: its own rows and what hangs on them, far from the workspace's thousands. */
const mostRead = 5 * pageRows;
/** What a total counts exactly, and the one more that tells that there are others; beyond that it estimates. */
const mostCounted = 1_001;

/** The tables that grow with a workspace's business. */
const growing = new Set([
  "crm_contacts",
  "crm_deals",
  "crm_deal_placements",
  "referrals",
  "referrer_counts",
  "referral_requests",
  "request_links",
  "thank_yous",
  "events",
  "automation_runs",
  "webhook_deliveries",
]);

/** What in an execution grows with the workspace: whole tables read, more rows read or sorted than a page has. */
function growth({ text, plan }: Executed, most: number): string[] {
  const found: string[] = [];
  for (const node of nodes(plan)) {
    const table = node["Relation Name"] ?? "";
    const read = rowsRead(node);
    if (!growing.has(table)) continue;
    if (node["Node Type"] === "Seq Scan") found.push(`reads all of ${table}`);
    else if (read > most) found.push(`reads ${read} rows of ${table}`);
  }
  for (const node of nodes(plan)) {
    if (/Sort/.test(node["Node Type"])) {
      const sorted = node.Plans?.[0]["Actual Rows"] ?? 0;
      if (sorted > most) found.push(`sorts ${sorted} rows`);
    }
  }
  return found.map((what) => `${what} in ${text.replaceAll(/\s+/g, " ").slice(0, 120)}`);
}

Deno.test("nothing on a request's path reads or sorts a workspace's rows, whatever its size", async () => {
  const sql = postgres(stack.superuserUrl, { max: 1, onnotice: () => {} });
  const { companyId, keyId, companyIds } = await fill(sql, referrals);
  try {
    const claims = { sub: keyId, company_id: companyId, scopes: ["admin"] };
    await using session = await openSession(stack.superuserUrl, "api_key", claims);
    const explainers = {
      api_key: await openExplainer(stack.superuserUrl, "api_key", claims),
      anon: await openExplainer(stack.superuserUrl, "anon", claims),
      service_role: await openExplainer(stack.superuserUrl, "service_role", claims),
    };
    const offending: Record<string, string[]> = {};
    for (const { name, role, isWrite, judged, variants: [statement] } of await statements(sql, session, companyId)) {
      const counts = lists.some((path) => name.startsWith(`GET ${path}, count`));
      if (!judged && !counts) continue;
      const executed = await explainers[role].executed(statement, isWrite);
      const most = mostRead + (counts ? mostCounted : 0);
      const found = executed.flatMap((one) => growth(one, most));
      if (found.length > 0) offending[name] = [...new Set(found)];
    }
    for (const explainer of Object.values(explainers)) await explainer[Symbol.asyncDispose]();
    assertEquals(offending, {});
  } finally {
    await empty(sql, companyIds);
    await sql.end();
  }
});
