import type { Json } from "../../world/world.ts";
import { argumentsOf, pointersOf, type Whose } from "./function_arguments.ts";
import { callers, type Routine, routines, rowsOfType } from "./catalogue.ts";
import type { Cell } from "./cells.ts";
import type { Principal } from "./principals.ts";
import { secretsFor } from "./rest_scopes.ts";
import { opens, resourceOf, scopeOfRoutine, takenBeside } from "./rules.ts";
import { formToken, ownLabel, stopToken, type Values, valuesIn, without, type Workspace } from "./workspaces.ts";

/** The functions that `/rest/v1/rpc` can hand their arguments: none of them a row. */
const callable = routines.filter(({ schema, args, signature }) =>
  schema === "public" && callers[signature].length > 0 && !args.some(({ type }) => rowsOfType(type))
);

const callOf = (who: Principal, routine: typeof callable[number], whose: (argument: string) => Whose) => ({
  who,
  to: "rest" as const,
  method: "POST",
  path: `/rpc/${routine.name}`,
  body: argumentsOf(routine, whose),
  about: routine.reaches,
});

const nothing = ["200 []", "204 []"];

/** Whoever may do all in alice's workspace, at every function, for each argument that names a row: bob's, and all bob's. */
export function foreignCalls(admin: Principal, mine: Workspace, theirs: Workspace): Cell[] {
  return callable.filter(({ signature }) => callers[signature].includes("api_key")).flatMap((routine) => {
    const pointers = pointersOf(routine);
    const choices = pointers.length > 1
      ? [...pointers.map((one) => [one]), pointers]
      : pointers.length > 0
      ? [pointers]
      : [];
    return choices.map((chosen) => {
      const calls = [theirs, "missing" as const].map((other) =>
        callOf(admin, routine, (argument) => chosen.includes(argument) ? other : mine)
      );
      const same = routine.args.filter(({ name }) => !chosen.includes(name)).map((
        { name },
      ) => [name, calls[0].body[name]]);
      return {
        ...calls[0],
        twin: { path: calls[1].path, body: { ...calls[1].body, ...Object.fromEntries(same) } },
        // Where something is hers, something may be found: the same as beside a row that is missing.
        accepted: [...nothing, "404 NOT_FOUND", "409 23503", ...(chosen.length < pointers.length ? ["200 …"] : [])],
        secret: [theirs.values],
      };
    });
  });
}

/** One caller at every function, with alice's own rows. */
export function ownCalls(who: Principal, mine: Workspace, theirs: Workspace): Cell[] {
  const isAsked = (routine: Routine) => !who.lacks || isForKeys(routine) && who.lacks === scopeOfRoutine(routine);
  return callable.filter(isAsked).map((routine) => ({
    // Her rows are wanted by those who ask later.
    ...callOf(who, routine, () => removes(routine) ? "missing" : mine),
    accepted: [...answers(who, routine), ...(removes(routine) ? ["404 NOT_FOUND"] : [])],
    secret: [...secretsFor(who, mine, theirs), ...(who.standing === "living" ? [beyond(who, mine)] : [])],
    changes: who.standing === "living" && who.scopes.some((scope) => !scope.endsWith(":read")),
  }));
}

/** The platform's master key at every function that is not the dispatcher's. */
export function callsOfOthers(service: Principal, mine: Workspace, theirs: Workspace): Cell[] {
  return callable.filter(({ signature }) => !callers[signature].includes("service_role")).map((routine) => ({
    ...callOf(service, routine, () => mine),
    accepted: ["403 42501"],
    secret: secretsFor(service, mine, theirs),
  }));
}

/** Strangers at the functions that take a link's token, with alice's links and what bob's friend is reached by. */
export function linkCalls(stranger: Principal, mine: Workspace, theirs: Workspace): Cell[] {
  const [friend] = theirs.rows["public.crm_contacts"];
  const typed = [{ email: friend.email, phone: null }, { email: null, phone: friend.phone }];
  return callable.filter(({ signature }) => callers[signature].includes("anon")).flatMap((routine) => {
    const isStop = routine.name.startsWith("unsubscribe");
    const takesFriend = routine.args.some(({ name }) => name === "email");
    return (takesFriend ? typed : [{}]).map((details): Cell => {
      const call = callOf(stranger, routine, () => mine);
      return {
        ...call,
        body: {
          ...call.body,
          ...details,
          token: isStop ? stopToken : formToken,
          ...(takesFriend && { category: ownLabel }),
        },
        accepted: ["200 …"],
        // Whoever is behind alice's link asked bob to ask them no more, not alice.
        told: routine.name === "unsubscribe_form" ? /"unsubscribed": ?false/ : undefined,
        secret: [theirs.values],
        changes: true,
      };
    });
  });
}

const removes = ({ name }: Routine) => name.startsWith("remove_");
const isForKeys = ({ signature }: Routine) => callers[signature].includes("api_key");

function answers({ standing, scopes }: Principal, routine: Routine): string[] {
  if (standing === "refused") return ["401"];
  if (standing === "stranger" || standing === "outsider") {
    return callers[routine.signature].includes("anon") ? ["200", "401", "403 42501"] : ["401", "403 42501"];
  }
  if (!isForKeys(routine)) return ["403 42501"];
  // All that it has to say is who may not.
  const silence = routine.name === "require_scope" ? [] : nothing;
  if (standing === "dead") return ["401 UNAUTHORIZED", ...silence];
  if (opens(scopes, scopeOfRoutine(routine))) {
    const beside = takenBeside[`${routine.schema}.${routine.name}`] ?? [];
    return beside.every((one) => opens(scopes, one)) ? ["2", "409 CONFLICT"] : ["403 INSUFFICIENT_SCOPE"];
  }
  return ["403 42501", "403 INSUFFICIENT_SCOPE", ...silence];
}

/** What rows of a resource show of others': the fields that its answers and its mails inline. */
const inlined: Record<string, string[]> = {
  automations: ["company", "contacts", "opportunities", "pipelines", "referrals"],
  opportunities: ["contacts", "pipelines"],
  referrals: ["company", "contacts", "opportunities", "pipelines"],
  webhooks: ["contacts", "opportunities", "referrals"],
};

/** The resource of a row: a referral's history is shown with it. */
const resourceOfRow = (table: string, row: Json) =>
  table === "public.audit_log" && row.entity_type === "referral" ? "referrals" : resourceOf(table);

/** What a key's scopes give it nothing of, in its own workspace. */
function beyond({ scopes, claims }: Principal, mine: Workspace): Values {
  const held = scopes.map((scope) => scope.split(":")[0]);
  const known = new Set(held.flatMap((resource) => [resource, ...inlined[resource] ?? []]));
  if (held.includes("admin")) return { ids: new Set(), words: [] };
  const rows = Object.entries(mine.rows).filter(([table]) => table.startsWith("public.")).flatMap(([table, rows]) =>
    rows.map((row) => ({ row, resource: resourceOfRow(table, row) }))
  );
  const [open, shut] = [true, false].map((isOpen) =>
    valuesIn(rows.filter(({ resource }) => known.has(resource ?? "") === isOpen).map(({ row }) => row))
  );
  return without(without(shut, open), { ids: new Set([mine.person.companyId, claims?.sub ?? ""]), words: [] });
}
