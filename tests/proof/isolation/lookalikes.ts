import postgres from "postgres";
import type { Json } from "../../world/world.ts";
import { idOfCopy, type Statement, statements } from "./statements.ts";
import { fields } from "./function_arguments.ts";
import { references } from "./catalogue.ts";
import { answerOf, owner, sqlCell } from "./sql_cells.ts";
import type { Cell } from "./cells.ts";
import type { Principal } from "./principals.ts";
import { removal, rolledBack, rowsIn, workspaceTables } from "./snapshot.ts";
import type { Workspace } from "./workspaces.ts";

/**
 * Nothing that alice does may depend on bob: each statement gives the same where there is no bob and where his rows are
 * copies of hers, in his workspace, that point at hers. No reference and no lookup stands before a predicate there.
 */
export function lookalikeCells(admin: Principal, mine: Workspace, theirs: Workspace): Cell[] {
  const bobs = copyOf(mine);
  const ids = mine.values.ids.union(bobs.values.ids);
  const known = { ids, times: new Set(JSON.stringify(mine.rows).match(times)) };
  const [alice, bob] = [mine, theirs].map(({ person }) => person.companyId);
  const scenes = ({ told, lacking }: Statement) => {
    const [before, gone] = [`${removal(bob)}; ${busy(alice, told)}`, lacking ? removal(alice, [lacking]) : ""];
    return [`${before}; ${gone}`, `${before}; ${copies(alice, bob, lacking === undefined)}; ${idle(bob)}; ${gone}`];
  };

  const trace = (statement: Statement, scene: string): Promise<string[]> =>
    rolledBack(async (tx) => {
      await tx.unsafe(
        `set local session_replication_role = replica; ${scene}; set local session_replication_role = origin`,
      );
      const before = await stateOf(tx, bob);
      const given = await asCaller(tx, statement, admin);
      const rows = Object.entries(await rowsIn(alice, tx)).flatMap(([table, rows]) => rows.map((row) => [table, row]));
      const isTouched = await stateOf(tx, bob) !== before;
      return [...settled([given, ...rows], known), ...(isTouched ? ["bob's rows changed or were locked"] : [])];
    });

  return statements(mine, bobs).map((statement): Cell => {
    const [alone, beside] = scenes(statement);
    const who = statement.role === "api_key" ? admin : owner;
    const ask = async () => {
      const [right, found] = [new Set(await trace(statement, alone)), new Set(await trace(statement, beside))];
      const strange = [...found.symmetricDifference(right)];
      return answerOf(200, strange.length > 0 ? strange : null);
    };
    return {
      ...sqlCell(who, `${statement.name}, whatever bob's rows say`, statement.about, ["200 []"], ask),
      isApart: true,
    };
  });
}

const copied = workspaceTables.filter(({ full, columns }) =>
  full === "public.companies" || columns.some(({ name }) => name === "company_id")
);

/** Bob's copies of alice's rows, with ids of their own. */
function copyOf(mine: Workspace): Workspace {
  const rows = Object.fromEntries(
    copied.map(({ full }) => [full, mine.rows[full].map((row) => row.id ? { ...row, id: idOfCopy(row.id) } : row)]),
  );
  const fields = Object.fromEntries(Object.entries(mine.named.fields).map(([name, id]) => [name, idOfCopy(id)]));
  const ids = new Set(Object.values(rows).flat().flatMap(({ id }) => id ?? []));
  return { ...mine, rows, named: { paths: {}, fields }, values: { ids, words: [] } };
}

const isReference = (table: string, column: string) =>
  references.some(({ table: full, columns }) => full === table && columns.includes(column));

/** SQL that makes them: where one row of several is looked for, they come first. Each of her contacts has unsubscribed from bob. */
const copies = (alice: string, bob: string, withFlags: boolean) =>
  copied.map(({ full, columns, owned }) => {
    const names = columns.filter(({ generated }) => !generated).map(({ name }) => name);
    const values = columns.filter(({ generated }) => !generated).map(({ name, type }) => {
      if (name === (full === "public.companies" ? "id" : "company_id")) return `'${bob}'`;
      // What is no reference, such as an event's id, may be that of a copy.
      if (type === "uuid" && !isReference(full, name)) return `('b0b' || substr(t."${name}"::text, 4))::uuid`;
      if (name === "created_at") return `t.created_at ${full === "public.referrals" ? "+" : "-"} interval '1 hour'`;
      if (type === "boolean" && withFlags) return "true";
      return ["smallint", "integer", "bigint"].includes(type) ? `t."${name}" + 1` : `t."${name}"`;
    });
    return `insert into ${full} (${names.map((name) => `"${name}"`)}) select ${values} from ${full} as t
      where ${owned!.replaceAll("$1", `'${alice}'`)} on conflict do nothing`;
  }).join("; ") + `; insert into private.unsubscribed (company_id, email)
    select '${bob}', lower(email) from public.crm_contacts where company_id = '${alice}' and email is not null`;

/** Alice's outbox with work in it that tells of rows, so that whoever works on it finds something. */
const busy = (alice: string, told: Workspace) => `
  update public.api_keys set last_used_at = '2020-01-01' where company_id = '${alice}';
  update private.events set fanned_out_at = null,
    data = data || '${JSON.stringify({ ...fields(told), trigger_data: fields(told) })}'
    where company_id = '${alice}';
  update public.automation_runs set status = 'running', due_at = now() - interval '1 s', completed_at = null
    where company_id = '${alice}';
  delete from private.action_results where run_id in (
    select id from public.automation_runs where company_id = '${alice}'
  );
  update public.webhook_deliveries set due_at = now() - interval '1 s' where company_id = '${alice}' and status = 'pending';
  delete from private.webhook_circuits;
  update public.automations set enabled = true where company_id = '${alice}';
  update public.webhook_subscriptions set enabled = true, events = '{referral_attributed,stage_changed}'
    where company_id = '${alice}';
  update public.automation_actions set action_type = 'call_webhook', config = jsonb_build_object('url', (
    select url from public.webhook_subscriptions where company_id = '${alice}' order by id limit 1
  )) where company_id = '${alice}';
  update private.thank_yous set sent = null, claimed_at = '2020-01-01' where referral_id in (
    select id from public.referrals where company_id = '${alice}'
  )`;

const idle = (bob: string) => `
  update private.events set fanned_out_at = now() where company_id = '${bob}';
  update public.automation_runs set status = 'completed', due_at = null where company_id = '${bob}';
  update public.webhook_deliveries set status = 'delivered', due_at = null where company_id = '${bob}'`;

async function asCaller(
  tx: postgres.TransactionSql,
  { role, do: statement }: Statement,
  { claims }: Principal,
): Promise<unknown> {
  return await tx.savepoint(async (point) => {
    const token = role === "api_key" ? JSON.stringify(claims) : "";
    await point`select set_config('request.jwt.claims', ${token}, true), set_config('role', ${role}, true)`;
    const given = await statement(point);
    await point`select set_config('request.jwt.claims', '', true), set_config('role', 'none', true)`;
    return given;
  }).catch((error) => {
    if (!(error instanceof postgres.PostgresError)) throw error;
    return { code: error.code, message: error.message };
  });
}

const states = workspaceTables.map(({ full, owned }) =>
  `select '${full}' || to_jsonb(t)::text || t.xmax::text as row from ${full} as t where ${owned}`
).join(" union all ");

/** Bob's rows and who holds a lock on them. */
async function stateOf(tx: postgres.TransactionSql, bob: string): Promise<string> {
  const [{ state }] = await tx.unsafe(
    `select md5(string_agg(row, '' order by row)) as state from (${states}) as rows`,
    [
      bob,
    ],
  );
  return state;
}

const uuids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const times = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::\d\d)?)?/g;

/** Lists without their order, and without what is another at every call: new ids, times and secrets are all the same. */
function settled(value: Json, known: { ids: Set<string>; times: Set<string> }): Json {
  if (Array.isArray(value)) return value.map((one) => JSON.stringify(settled(one, known))).toSorted();
  if (value instanceof Date) return settled(value.toISOString(), known);
  if (typeof value === "string") {
    return value
      .replace(uuids, (id) => known.ids.has(id) ? id : "new")
      .replace(times, (time) => known.times.has(time) ? time : "then")
      .replace(/whsec_[\w+/=]+/g, "secret");
  }
  if (value === null || typeof value !== "object") return value;
  const lasting = Object.entries(value).filter(([key]) => !/duration|token_hash/.test(key));
  return Object.fromEntries(lasting.map(([key, value]) => [key, settled(value, known)]));
}
