import postgres from "postgres";
import type { Statement } from "./postgrest.ts";
import { asText, become } from "./session.ts";
import type { NamedStatement } from "./statements.ts";

/** A node of a plan, as `explain (analyze, format json)` prints it. */
export interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: PlanNode[];
}

/** One statement that was executed, of those inside functions and triggers too. */
export interface Executed {
  text: string;
  milliseconds: number;
  plan: PlanNode;
}

/**
 * Statements of a role with what really happened in them, every nested one too: Postgres's auto_explain tells it to this
 * connection. Takes a superuser's URL.
 */
export async function openExplainer(
  superuserUrl: string,
  role: NamedStatement["role"],
  claims: Record<string, unknown>,
) {
  let told: Executed[] = [];
  const sql = postgres(superuserUrl, {
    ...asText,
    onnotice: ({ message = "" }) => {
      const [, milliseconds, json] = /^duration: ([\d.]+) ms\s+plan:\n(.*)$/s.exec(message) ?? [];
      if (!json) return;
      const { "Query Text": text, Plan: plan } = JSON.parse(json);
      told.push({ text, milliseconds: Number(milliseconds), plan });
    },
  });
  await sql.unsafe(`
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_format = json;
    set auto_explain.log_analyze = on;
    set auto_explain.log_timing = off;
    set auto_explain.log_nested_statements = on;
    set client_min_messages = log;
  `);
  await become(sql, role, claims);
  return {
    /** All that a statement executes, itself last; what it wrote is undone. */
    async executed({ text, parameters }: Statement, isWrite: boolean): Promise<Executed[]> {
      if (isWrite) await sql`begin`;
      told = [];
      await sql.unsafe(text, parameters, { prepare: true });
      if (isWrite) await sql`rollback`;
      return told;
    },
    [Symbol.asyncDispose]: () => sql.end(),
  };
}

/** A plan's nodes, from the top. */
export function nodes(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}

/** How many rows a node read, kept or not. */
export function rowsRead(node: PlanNode): number {
  const { "Rows Removed by Filter": filtered = 0, "Rows Removed by Index Recheck": rechecked = 0 } = node;
  return (node["Actual Rows"] + filtered + rechecked) * node["Actual Loops"];
}
