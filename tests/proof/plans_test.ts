import { assertEquals } from "@std/assert";
import { claimsOf, makeDatabases, placeOf } from "../../bench/databases.ts";
import { type Executed, nodes, openExplainer, rowsRead } from "../../bench/plans.ts";
import { lists, type NamedStatement, pageRows } from "../../bench/statements.ts";

// Half of them are one workspace's, most workspaces have next to none: the planner knows the average.
const [referrals, workspaces] = [30_000, 600];
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
  await using made = await makeDatabases([referrals], workspaces);
  const [database] = made.databases;
  const { list } = await placeOf(database);
  await using opened = new AsyncDisposableStack();
  const open = async (role: NamedStatement["role"]) =>
    opened.use(await openExplainer(database.url, role, claimsOf(database, role)));
  const explainers = {
    api_key: await open("api_key"),
    anon: await open("anon"),
    service_role: await open("service_role"),
  };
  const offending: Record<string, string[]> = {};
  for (const { name, role, isWrite, judged, variants: [statement] } of list) {
    const counts = lists.some((path) => name.startsWith(`GET ${path}, count`));
    if (!judged && !counts) continue;
    const executed = await explainers[role].executed(statement, isWrite);
    const most = mostRead + (counts ? mostCounted : 0);
    const found = executed.flatMap((one) => growth(one, most));
    if (found.length > 0) offending[name] = [...new Set(found)];
  }

  assertEquals(offending, {});
});
