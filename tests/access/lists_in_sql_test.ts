import { assertEquals } from "@std/assert";
import { ActionType, actionTypes } from "../../supabase/functions/api/actions/registry.ts";
import { operators } from "../../supabase/functions/api/automations/conditions.ts";
import { countries } from "../../supabase/functions/api/company/countries.ts";
import { TriggerType } from "../../supabase/functions/api/events/event_types.ts";
import { variableNames } from "../../supabase/functions/api/events/variables.ts";
import { OpportunityStatus } from "../../supabase/functions/api/opportunities/schema.ts";
import { Delivery, RequestStatus } from "../../supabase/functions/api/referral_requests/schema.ts";
import { ReferralSource, ReferralStatus } from "../../supabase/functions/api/referrals/schema.ts";
import { ActorType, AuditAction, EntityType, Via } from "../../supabase/functions/api/audit/schema.ts";
import { RunStatus } from "../../supabase/functions/api/runs/schema.ts";
import { DeliveryStatus } from "../../supabase/functions/api/webhooks/schema.ts";
import { checksOn, columnsChecked, quoted, sourceOf } from "../world/sql_checks.ts";
import { chain, sql, world } from "../world/world.ts";

const lists: Record<string, readonly string[]> = {
  "automations.trigger_type": TriggerType.options,
  "webhook_subscriptions.events": TriggerType.options,
  "automation_actions.action_type": ActionType.options,
  "automation_runs.status": RunStatus.options,
  "webhook_deliveries.status": DeliveryStatus.options,
  "referrals.status": ReferralStatus.options,
  "referrals.source": ReferralSource.options,
  "referral_requests.written_status": RequestStatus.options,
  "referral_requests.delivery": Delivery.options,
  "crm_deals.status": OpportunityStatus.options,
  "companies.country": countries,
};

Deno.test("every list of words that a column has in SQL is compared here; the scopes are in their own test", async () => {
  assertEquals(await columnsChecked("ARRAY["), ["api_keys.scopes", ...Object.keys(lists)].sort());
});

/** Those of the words in a piece of SQL, and of `listed`, that the database takes when they are tried. */
async function taken(text: string, listed: readonly string[], takes: (word: string) => Promise<boolean>) {
  const words = [...new Set([...quoted(text), ...listed, "something_else"])];
  const verdicts = await Promise.all(words.map(takes));
  return words.filter((_, at) => verdicts[at]).sort();
}

for (const [column, listed] of Object.entries(lists)) {
  Deno.test(`${column} takes the words that TypeScript lists, and no other`, async () => {
    const { texts, takes } = await checksOn(column);
    const several = column.endsWith("s.events");

    assertEquals(
      await taken(texts.join(), listed, (word) => takes(several ? [word] : word)),
      [...listed].sort(),
    );
  });
}

Deno.test("a row of an automation may ask what conditions.ts can answer, and nothing else", async () => {
  const asks = async (operator: string) => {
    const [{ fine }] = await sql`select private.are_conditions(${
      sql.json({ "deal.value": { [operator]: 1 } })
    }) as fine`;
    return fine === true;
  };

  assertEquals(
    await taken(await sourceOf("are_conditions"), Object.keys(operators), asks),
    Object.keys(operators).sort(),
  );
});

for (const type of ActionType.options) {
  Deno.test(`a row of ${type} may hold the example of its config, with the fields of its schema and no other`, async () => {
    const { config } = actionTypes[type];
    const example = config.meta()?.example as Record<string, string>;
    const fits = async (given: Record<string, string>) => {
      const [{ fine }] = await sql`select private.is_action_config(${type}, ${sql.json(given)}) as fine`;
      return fine === true;
    };

    assertEquals(await fits(example), true);
    assertEquals(
      await taken(
        await sourceOf("is_action_config"),
        Object.keys(config.shape),
        (field) => fits({ ...example, [field]: example[field] ?? (field === "method" ? "POST" : "text") }),
      ),
      Object.keys(config.shape).sort(),
    );
  });
}

Deno.test("a run by hand of every trigger says all that its schema has, and nothing else", async () => {
  const { alice } = await world();
  const { stages: [stage] } = await alice.creates("/pipelines", { name: "Patients", stages: [{ name: "Enquiry" }] });
  const { triggers: data } = await alice.gets("/schemas/triggers");

  assertEquals(data.map((trigger: { trigger_type: string }) => trigger.trigger_type), TriggerType.options);
  for (const { trigger_type, sample_trigger_data } of data) {
    const { id } = await alice.creates("/automations", {
      name: trigger_type,
      trigger_type,
      stage_id: trigger_type === "stage_changed" ? stage.id : null,
    });
    const run = await alice.post(`/automations/${id}/trigger`, { trigger_data: {} });
    assertEquals([trigger_type, run.status], [trigger_type, 200], run.text);
    assertEquals(Object.keys(run.data.trigger_data).sort(), Object.keys(sample_trigger_data).sort());
  }
});

Deno.test("the audit log is about what TypeScript lists, for every table that callers see, and says who and how by its words", async () => {
  const rows = await sql<{ table: string; kind: string; verbs: string[] }[]>`
    select tgrelid::regclass::text as table, coalesce(nullif(split_part(encode(tgargs, 'escape'), '\\000', 1), ''), 'opportunity') as kind,
      array_agg(distinct substring(tgname from '_([a-z]+)$') order by substring(tgname from '_([a-z]+)$')) as verbs
    from pg_trigger where tgname ~ '_audit_(insert|update|delete)$' group by 1, 2
  `;
  const tables = await sql<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
  `;
  const unaudited = ["audit_log", "automation_runs", "webhook_deliveries"];

  assertEquals([...rows.map(({ kind }) => kind), "referral"].sort(), EntityType.options.toSorted());
  assertEquals(
    [...rows.map(({ table }) => table), "referrals", ...unaudited].sort(),
    tables.map(({ name }) => name).sort(),
  );
  assertEquals(rows.filter(({ verbs }) => verbs.join() !== "delete,insert,update"), []);
  const words = new Set(quoted(await sourceOf("acting")));
  assertEquals([...ActorType.options, ...Via.options].filter((word) => !words.has(word)), ["import"]);
  assertEquals(
    AuditAction.options.toSorted(),
    quoted(await sourceOf("audit")).filter((word) => /^(insert|update|delete)$/.test(word)).sort(),
  );
});

Deno.test("what surrounds a run has every field that conditions and tokens may name", async () => {
  const { alice } = await world();
  const { opportunity } = await chain(alice);
  const [{ context }] = await sql`
    select private.run_context(${alice.companyId}, ${sql.json({ deal_id: opportunity.id })}) as context`;
  const named = variableNames().filter((name) => name.includes(".") && !name.startsWith("opportunity."));

  const there = Object.entries<object>(context).flatMap(([subject, row]) =>
    Object.keys(row).map((field) => `${subject}.${field}`)
  );
  assertEquals(named.filter((name) => !there.includes(name)), []);
  assertEquals(there.filter((name) => !name.startsWith("company.") && !named.includes(name)), []);
});

Deno.test("no name of an action is another's too", () => {
  const names = ActionType.options.flatMap((type) => [type, ...actionTypes[type].aliases]);
  assertEquals(names, [...new Set(names)]);
});
