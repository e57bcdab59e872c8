import { type Json } from "../../world/world.ts";
import { type Argument, exposed, hidden, type Routine } from "./catalogue.ts";
import { ownLabel, type Workspace } from "./workspaces.ts";

const missing = () => crypto.randomUUID();
// What the tables do not call it by.
const synonyms: Record<string, string> = { changed: "referral", opportunity: "deal" };

/** The table whose rows an argument or field names, such as `target_stage_id`; undefined where it names none. */
export function tableOf(name: string): string | undefined {
  const word = name.replace(/_id$/, "").split("_").at(-1)!;
  const noun = synonyms[word] ?? word;
  const plural = noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return [...exposed, ...hidden]
    .find(({ kind, name }) => kind !== "v" && (name === plural || name.endsWith(`_${plural}`)))?.full;
}

/** Whose rows an argument names: `missing` ones are nobody's. */
export type Whose = Workspace | "missing";

// A stage and its pipeline must fit each other, so they are those that the fields of that name have.
const idIn = (table: string, name: string, whose: Whose) =>
  whose === "missing"
    ? missing()
    : whose.named.fields[name.replace(/^target_/, "")] ?? whose.rows[table]?.[0]?.id ?? missing();

/** Values for all arguments of a function, `whose` rows each of them names being told by its name. */
export function argumentsOf({ args, signature }: Routine, whose: (argument: string) => Whose, flag = true): Json {
  return Object.fromEntries(args.map((arg) => [arg.name, valueOf(arg, whose(arg.name), signature, flag)]));
}

/** The arguments that name rows. */
export const pointersOf = ({ args }: Routine) =>
  args.filter(({ name, type }) =>
    type === "uuid" || name === "email" || (type === "jsonb" && !isList(name) && name !== told)
  )
    .map(({ name }) => name);

// Whatever the caller tells of an event: ids in it lead nowhere outside of the run's own workspace (manual_runs_test.ts).
const told = "trigger_data";

const isList = (name: string) => name.endsWith("s");

function valueOf({ name, type }: Argument, whose: Whose, signature: string, flag: boolean): Json {
  if (type === "uuid") {
    const table = tableOf(name);
    if (!table) {
      throw new Error(
        `tests/proof/isolation/function_arguments.ts does not know which row ${name} of ${signature} names.`,
      );
    }
    return idIn(table, name, whose);
  }
  // Those of an automation that is made: none, which name nothing.
  if (name === "actions") return [];
  if (type === "jsonb") return isList(name) ? [fields(whose)] : fields(whose);
  if (type === "integer" || type === "smallint" || type === "bigint") return name === "attempt" ? 1 : 50;
  if (type === "boolean") return flag;
  if (type === "uuid[]") return [];
  if (type === "text[]") return ["referral_attributed"];
  if (type === "text") return textFor(name, whose);
  throw new Error(
    `tests/proof/isolation/function_arguments.ts has no value of type ${type}, for ${name} of ${signature}.`,
  );
}

/** What an object of unknown shape may hold: a reference of each name that the tables have, and a name of its own. */
export function fields(whose: Whose): Json {
  const names = new Set(
    exposed.flatMap(({ columns }) => columns.map(({ name }) => name).filter((name) => tableOf(name))),
  );
  const references = [...names].filter((name) => name.endsWith("_id"));
  return {
    ...Object.fromEntries(references.map((name) => [name, idIn(tableOf(name)!, name, whose)])),
    name: "Mine",
    position: 0,
    trigger_type: "stage_changed",
  };
}

function textFor(name: string, whose: Whose): string {
  if (name === "category") return ownLabel;
  if (name === "scope") return "referrals:read";
  if (name.includes("email")) {
    if (whose === "missing") return `${missing()}@example.com`;
    // Not whom alice's form is for: nobody refers themself.
    const contact = idIn("public.crm_contacts", "referrer_contact_id", whose);
    return whose.rows["public.crm_contacts"].find(({ id }) => id === contact)!.email;
  }
  if (name === "secret") return "mine-and-long-enough-to-be-one";
  if (name.includes("url")) return "https://example.com/";
  return `mine-${missing()}`;
}
