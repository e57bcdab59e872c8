import type postgres from "postgres";
import { type ActionType, actionTypes } from "../../../supabase/functions/api/actions/registry.ts";
import { type Scope, scopes } from "../../../supabase/functions/api/contract/scopes.ts";
import { triggers, type TriggerType } from "../../../supabase/functions/api/events/event_types.ts";
import type { Json, Person } from "../../world/world.ts";
import { answerAs, owner, sqlCell } from "./sql_cells.ts";
import { routines } from "./catalogue.ts";
import type { Cell } from "./cells.ts";
import { living, type Principal } from "./principals.ts";
import { allBut, opens } from "./rules.ts";
import type { Workspace } from "./workspaces.ts";

// What acts later, by each scope alone: who may save it, whether it acts, what it shows. The contract's words, said once more.

const mail = { to: "contact", subject: "Hello", body_html: "<p>Hello {{contact.first_name}}</p>" };

/** What an action takes where opportunities that enter a stage start it, and what shows what it did. */
type Deed = { type: ActionType; config: Json; takes: Scope[]; shownBy: Scope[] };

const deeds: Record<ActionType, Omit<Deed, "type">[]> = {
  attribute_referral: [{ config: {}, takes: ["referrals:write"], shownBy: ["referrals:read"] }],
  call_webhook: [{
    config: { url: "https://example.com/deeds" },
    takes: ["webhooks:write", "opportunities:read"],
    shownBy: ["webhooks:write"],
  }],
  send_email: [
    { config: mail, takes: ["contacts:read"], shownBy: ["contacts:read"] },
    ...["{{ deal.name }}", "{{opportunity.value}}", "{{stage_id}}"].map((token): Omit<Deed, "type"> => ({
      config: { ...mail, subject: token },
      takes: ["contacts:read", "opportunities:read"],
      shownBy: ["contacts:read", "opportunities:read"],
    })),
  ],
};
const allDeeds: Deed[] = (Object.keys(actionTypes) as ActionType[]).flatMap((type) =>
  deeds[type].map((deed) => ({ type, ...deed }))
);
const heardBy: Record<TriggerType, Scope> = {
  referral_attributed: "referrals:read",
  stage_changed: "opportunities:read",
};
const told = Object.keys(triggers) as TriggerType[];
const hears: Scope = heardBy.stage_changed;

/** Keys of alice's that hold one scope beside another, or all but one. */
export type DeputyKeys = { beside: (base: Scope, one: Scope) => Principal; lacking: (one: Scope) => Principal };

export async function deputyKeys(alice: Person): Promise<DeputyKeys> {
  const bases: Scope[] = ["automations:write", "automations:read", "automations:trigger", "webhooks:write"];
  const made = await Promise.all(bases.flatMap((base) =>
    scopes.map(async (one) => {
      const held = [...new Set([base, one])];
      return [`${base} ${one}`, await living(alice, `a key with ${held.join(" and ")}`, held)] as const;
    })
  ));
  const lacking = await Promise.all(
    scopes.filter((one) => one !== "admin").map(async (one) =>
      [one, await living(alice, `a deputy with all but ${one}`, allBut(one))] as const
    ),
  );
  const [pairs, others] = [new Map(made), new Map<Scope, Principal>(lacking)];
  return { beside: (base, one) => pairs.get(`${base} ${one}`)!, lacking: (one) => others.get(one)! };
}

const openTo = ({ scopes }: Principal, taken: Scope[]) => taken.every((one) => opens(scopes, one));

export const deputyCells = (keys: DeputyKeys, mine: Workspace): Cell[] => [
  ...saves(keys, mine),
  ...makers(keys, mine),
  ...sights(keys, mine),
];

type Save = { base: Scope; takes: Scope[]; table: string; ask: Pick<Cell, "method" | "path" | "body"> };

/** What is saved, around the function: by each scope alone beside the one that saves, and by all but one. */
function saves(keys: DeputyKeys, mine: Workspace): Cell[] {
  const { automation_id, subscription } = idsOf(mine);
  const post = (path: string, body: Json) => ({ method: "POST", path, body });
  const all: Save[] = [
    ...allDeeds.map(({ type, config, takes }): Save => ({
      base: "automations:write",
      takes,
      table: "public.automation_actions",
      ask: post("/automation_actions", { automation_id, action_type: type, sequence: 9, config }),
    })),
    ...told.map((event): Save => ({
      base: "automations:write",
      takes: [heardBy[event]],
      table: "public.automations",
      ask: post("/automations", {
        name: "Saved",
        trigger_type: event,
        stage_id: event === "stage_changed" ? mine.named.fields.stage_id : null,
      }),
    })),
    // Hers attributes referrals when an opportunity enters a stage.
    ...[{ enabled: true }, { conditions: { "deal.value": { gt: 1 } } }].map((body): Save => ({
      base: "automations:write",
      takes: [hears, "referrals:write"],
      table: "public.automations",
      ask: { method: "PATCH", path: `/automations?id=eq.${automation_id}`, body },
    })),
    ...told.map((event): Save => ({
      base: "webhooks:write",
      takes: [heardBy[event]],
      table: "public.webhook_subscriptions",
      ask: post("/rpc/create_webhook_subscription", {
        url: `https://example.com/${event}`,
        events: [event],
        enabled: true,
      }),
    })),
    ...[{ url: "https://example.com/elsewhere" }, { enabled: true }].map((body): Save => ({
      base: "webhooks:write",
      takes: [hears],
      table: "public.webhook_subscriptions",
      ask: { method: "PATCH", path: `/webhook_subscriptions?id=eq.${subscription}`, body },
    })),
  ];
  return all.flatMap(({ base, takes, table, ask }) => {
    const askers = [...scopes.map((one) => keys.beside(base, one)), ...takes.map((one) => keys.lacking(one))];
    return askers.map((who): Cell => {
      const isOpen = openTo(who, takes);
      const missing = takes.filter((one) => !opens(who.scopes, one));
      return {
        who,
        to: "rest",
        ...ask,
        accepted: isOpen ? ["2"] : ["403 INSUFFICIENT_SCOPE"],
        told: isOpen ? undefined : new RegExp(`lacks the scope (${missing.join("|")}),`),
        secret: [],
        about: [table, "public.create_webhook_subscription", "private.create_webhook_subscription"],
        changes: isOpen,
      };
    });
  });
}

function idsOf({ named, rows }: Workspace) {
  return {
    automation_id: named.paths["/automations"],
    action: named.paths["/automations/:id/actions"],
    run: named.paths["/automations/runs"],
    subscription: named.paths["/webhooks/subscriptions"],
    delivery: named.paths["/webhooks/deliveries"],
    starter: rows["public.automation_runs"].find(({ id }) => id === named.paths["/automations/runs"])!.triggered_by,
  };
}

const reachedBy = (...names: string[]) =>
  routines.filter(({ schema, name }) => names.includes(`${schema}.${name}`)).flatMap(({ reaches }) => reaches);

/** Sets the scene without triggers. */
async function scene(tx: postgres.TransactionSql, set: () => Promise<unknown>): Promise<Json[]> {
  await tx`set local session_replication_role = replica`;
  await set();
  await tx`set local session_replication_role = origin`;
  return [];
}

/** What acts, by each scope alone that the key of one of its makers has left. */
function makers(keys: DeputyKeys, mine: Workspace): Cell[] {
  const { automation_id, action, run, subscription, delivery } = idsOf(mine);
  const admin = keys.beside("automations:write", "admin");
  return scopes.flatMap((left) => {
    const maker = keys.beside("automations:read", left).claims!.sub!;
    const narrow = (tx: postgres.TransactionSql) => tx`update api_keys set scopes = ${[left]} where id = ${maker}`;
    const made = (tx: postgres.TransactionSql, { type, config }: Deed, ofAutomation: boolean) =>
      scene(tx, async () => {
        await narrow(tx);
        await tx`update automations set created_by = ${ofAutomation ? maker : null} where id = ${automation_id}`;
        await tx`
          update automation_actions set action_type = ${type}, config = ${tx.json(config)},
            created_by = ${ofAutomation ? null : maker}
          where id = ${action}`;
        await tx`update automation_runs set status = 'running', due_at = now() where id = ${run}`;
        await tx`delete from private.action_results where run_id = ${run}`;
      });
    const deedCells = allDeeds.flatMap((deed) =>
      [false, true].flatMap((ofAutomation): Cell[] => {
        const takes = ofAutomation ? [...deed.takes, hears] : deed.takes;
        const may = takes.every((one) => opens([left], one));
        const whose = `the ${ofAutomation ? "automation's" : "action's"} maker has ${left} left`;
        const carryOut = `run_${deed.type}`;
        const isInSql = deed.type !== "send_email";
        return [
          sqlCell(
            owner,
            `${deed.type} ${deed.config.subject ?? ""} where ${whose}`,
            reachedBy("public.run_job"),
            [may ? "200 []" : "200 …"],
            () =>
              answerAs(
                "service_role",
                null,
                (tx) => tx`select public.run_job(${run}) -> 'actions' -> 0 -> 'refusal' as given`,
                (tx) => made(tx, deed, ofAutomation),
              ),
          ),
          ...(isInSql
            ? [sqlCell(
              owner,
              `${deed.type} is carried out where ${whose}`,
              reachedBy(`public.${carryOut}`),
              // There is nothing to attribute.
              may ? ["200", "400 VALIDATION_ERROR"] : ["400 INSUFFICIENT_SCOPE"],
              () =>
                answerAs(
                  "service_role",
                  null,
                  (tx) =>
                    tx.unsafe(
                      `select public.${carryOut}('${run}', '${action}'${
                        deed.type === "attribute_referral" ? ", '{}'" : ""
                      })::text as given`,
                    ),
                  (tx) => made(tx, deed, ofAutomation),
                ),
            )]
            : []),
        ];
      })
    );
    const eventCells = told.flatMap((event): Cell[] => {
      const may = opens([left], heardBy[event]);
      const subscribed = (tx: postgres.TransactionSql) =>
        scene(tx, async () => {
          await narrow(tx);
          await tx`update private.events set fanned_out_at = now() where fanned_out_at is null`;
          await tx`
            update webhook_subscriptions set events = ${[event]}, enabled = true, created_by = ${maker}
            where id = ${subscription}`;
          await tx`update webhook_deliveries set event_type = ${event} where id = ${delivery}`;
        });
      return [
        sqlCell(
          owner,
          `${event} told to a subscription whose maker has ${left} left`,
          reachedBy("public.claim_work"),
          [may ? "200 …" : "200 []"],
          () =>
            answerAs(null, null, async (tx) => {
              const [{ id }] = await tx`
                insert into private.events (company_id, type, data)
                values (${mine.person.companyId}, ${event}, '{"stage_id": null}') returning id`;
              await tx`select public.claim_work(10, 0)`;
              return await tx`select to_jsonb(id) as given from webhook_deliveries where event_id = ${id}`;
            }, subscribed),
        ),
        sqlCell(
          admin,
          `${event} replayed for a subscription whose maker has ${left} left`,
          reachedBy("public.replay_webhook_delivery"),
          [may ? "200 …" : "400 CONFLICT"],
          () =>
            answerAs(
              "api_key",
              admin.claims,
              (tx) => tx`select public.replay_webhook_delivery(${delivery}) as given`,
              subscribed,
            ),
        ),
      ];
    });
    return [...deedCells, ...eventCells];
  });
}

const word = (name: string) => `word-of-${name}`;
const hidden = (name: string) => ({ ids: new Set<string>(), words: [word(name)] });

/** What a run and a delivery show, by each scope alone beside the one that reads them. */
function sights(keys: DeputyKeys, mine: Workspace): Cell[] {
  const { action, run, delivery, starter } = idsOf(mine);
  const event = mine.rows["public.automation_runs"].find(({ id }) => id === run)!.event_id;
  const shown = (
    who: Principal,
    name: string,
    about: string,
    column: string,
    said: string,
    isOpen: boolean,
    set: (
      tx: postgres.TransactionSql,
    ) => Promise<unknown>,
  ): Cell => ({
    ...sqlCell(
      who,
      name,
      reachedBy(about),
      ["200"],
      () =>
        answerAs(
          "api_key",
          who.claims,
          (tx) => tx.unsafe(`select to_jsonb(${column}) as given from automation_runs where id = '${run}'`),
          (tx) => scene(tx, () => set(tx)),
        ),
    ),
    told: isOpen ? new RegExp(word(said)) : undefined,
    secret: isOpen ? [] : [hidden(said)],
  });

  const data = { ...Object.fromEntries(told.map((type) => [type, [heardBy[type]]])), api: Object.values(heardBy) };
  const ofTriggers = Object.entries(data).flatMap(([type, takes]) =>
    scopes.map((one) => {
      const who = keys.beside("automations:read", one);
      return shown(
        who,
        `trigger_data of a run by ${type}`,
        "public.trigger_data",
        "public.trigger_data(automation_runs)",
        type,
        openTo(who, takes),
        async (tx) => {
          const says = { trigger_data: { notes: word(type) }, notes: word(type) };
          await tx`update private.events set data = ${tx.json(says)} where id = ${event}`;
          await tx`update automation_runs set trigger_type = ${type} where id = ${run}`;
        },
      );
    })
  );
  const ofDeeds = allDeeds.flatMap((deed) =>
    scopes.map((one) => {
      const who = keys.beside("automations:read", one);
      return shown(
        who,
        `what ${deed.type} ${deed.config.subject ?? ""} did`,
        "public.action_results",
        "public.action_results(automation_runs)",
        deed.type,
        openTo(who, deed.shownBy),
        async (tx) => {
          const result = { action_id: action, status: "completed", request: { of: word(deed.type) } };
          await tx`
            update automation_actions set action_type = ${deed.type}, config = ${tx.json(deed.config)},
              updated_at = '2020-01-01'
            where id = ${action}`;
          await tx`update automation_runs set status = 'running', due_at = now() where id = ${run}`;
          await tx`delete from private.action_results where run_id = ${run}`;
          await tx`select private.record_action(${run}, ${tx.json(result)})`;
        },
      );
    })
  );
  const starts = scopes.flatMap((one) =>
    [false, true].map((isOwn): Cell => {
      const who = keys.beside("automations:trigger", one);
      const isSeen = isOwn || openTo(who, ["automations:read"]);
      const isOpen = isOwn || isSeen && openTo(who, Object.values(heardBy));
      return {
        ...sqlCell(
          who,
          `the run that ${isOwn ? "it" : "somebody else"} started by hand`,
          reachedBy("public.automation_run"),
          [isSeen ? "200 …" : "200 []"],
          () =>
            answerAs(
              "api_key",
              who.claims,
              (tx) => tx`select public.automation_run(${run}) as given`,
              (tx) =>
                scene(tx, async () => {
                  await tx`update private.events set data = ${
                    tx.json({ trigger_data: { notes: word("hand") } })
                  } where id = ${event}`;
                  await tx`update automation_runs set triggered_by = ${
                    isOwn ? who.claims!.sub! : starter
                  } where id = ${run}`;
                }),
            ),
        ),
        told: isOpen ? new RegExp(word("hand")) : undefined,
        secret: isOpen ? [] : [hidden("hand")],
      };
    })
  );
  const logs = scopes.map((one): Cell => {
    const who = keys.beside("webhooks:write", one);
    return {
      ...sqlCell(who, "the log of a delivery", ["public.webhook_deliveries"], ["200 …"], () =>
        answerAs(
          "api_key",
          who.claims,
          (tx) => tx`select to_jsonb(d) as given from webhook_deliveries as d where id = ${delivery}`,
          (tx) =>
            scene(
              tx,
              () => tx`update private.events set data = ${tx.json({ notes: word("log") })} where id = ${event}`,
            ),
        )),
      secret: [hidden("log")],
    };
  });
  return [...ofTriggers, ...ofDeeds, ...starts, ...logs];
}
