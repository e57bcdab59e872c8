import { granted } from "../isolation/catalogue.ts";
import type { Cell } from "../isolation/cells.ts";
import { scopes } from "../../../supabase/functions/api/contract/scopes.ts";
import { sql } from "../../world/world.ts";
import type { Mutant } from "./mutant.ts";

type Policy = { name: string; table: string; command: string; using: string | null; check: string | null };

const policies = await sql<Policy[]>`
  select policyname as name, schemaname || '.' || tablename as table, lower(cmd) as command, qual as using,
    with_check as check
  from pg_policies
  where schemaname in ('public', 'private')
  order by 2, 1
`;

const tenant = /\((?:company_id|id) = (\( SELECT private\.company_for\(VARIADIC ARRAY\[[^\]]*\]\) AS company_for\))\)/;
const everyScope = `(select private.company_for(variadic array[${scopes.map((scope) => `'${scope}'`)}]))`;

/** What is left of a policy's test: nothing, all but the workspace, all but the scope, all but that the key lives. */
const weaker: [string, (test: string) => string][] = [
  ["lets everything pass", () => "true"],
  ["looks at no workspace", (test) => test.replace(tenant, "($1 is not null)")],
  ["looks at no scope", (test) => test.replace(/\( SELECT private\.company_for\(.*?\) AS company_for\)/, everyScope)],
  [
    "looks at no key",
    (test) => test.replace(tenant, (all) => `${all.slice(0, all.indexOf("="))} = private.claimed_company())`),
  ],
];

/** At the data API alone: the function is another layer. */
export const atTable = (table: string) => ({ to, about, query, changes }: Cell) =>
  to === "rest" && !query && !changes && about.includes(table);

const methods: Record<string, string> = { select: "GET", insert: "POST", update: "PATCH", delete: "DELETE" };

type Change = { up: string; down: string };

const clauses = { using: "using", check: "with check" };

const altered = ({ name, table, ...tests }: Policy, part: "using" | "check", test: string): Change => ({
  up: `alter policy "${name}" on ${table} ${clauses[part]} (${test})`,
  down: `alter policy "${name}" on ${table} ${clauses[part]} (${tests[part]})`,
});

const all = (changes: Change[]): Change => ({
  up: changes.map(({ up }) => up).join("; "),
  down: changes.map(({ down }) => down).join("; "),
});

/** What stands before or behind this part of a policy: whoever changes or removes a row must be able to see it, too. */
function besides(policy: Policy, part: "using" | "check"): Change[] {
  const seeing = policies.filter(({ table, command }) =>
    table === policy.table && command === "select" && policy.command !== command
  );
  const other = part === "using" ? "check" : "using";
  return [
    ...(policy.command === "insert" ? [] : seeing.map((one) => altered(one, "using", "true"))),
    ...(policy.command === "update" && policy[other] !== null ? [altered(policy, other, "true")] : []),
  ];
}

/** Grants a key everything on a table that it was not granted, and takes that back. */
function grantedAll(table: string): Change {
  const commands = granted[table];
  const lists = (["insert", "update"] as const).map((command) =>
    [command, commands.select.filter((column) => !commands[command].includes(column))] as const
  ).filter(([, columns]) => columns.length > 0).map(([command, columns]) => `${command} (${columns})`);
  if (commands.delete.length === 0) lists.push("delete");
  return {
    up: `grant ${lists} on ${table} to api_key`,
    down: `revoke ${lists} on ${table} from api_key`,
  };
}

export const policyMutants: Mutant[] = policies.flatMap((policy) =>
  (["using", "check"] as const).flatMap((part) => {
    const test = policy[part];
    if (test === null) return [];
    const clause = part === "using" ? "using" : "with check";
    return weaker.map(([how, weaken]): Mutant => ({
      name: `${policy.table}: "${policy.name}" ${how} (${clause})`,
      family: `policy, ${clause}`,
      ...altered(policy, part, weaken(test)),
      bare: all([grantedAll(policy.table), ...besides(policy, part)]),
      concerns: (cell) => atTable(policy.table)(cell) && cell.method === methods[policy.command],
      // With the rest of the policy away, what it would have hidden is refused.
      relaxed: (cell) => ({
        ...cell,
        accepted: [...cell.accepted, ...(cell.accepted.includes("200 []") ? ["403 42501"] : [])],
      }),
    }));
  })
);
