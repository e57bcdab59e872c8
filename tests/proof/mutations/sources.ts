import { scopes } from "../../../supabase/functions/api/contract/scopes.ts";
import { tables, triggered } from "../isolation/catalogue.ts";
import type { Cell } from "../isolation/cells.ts";
import { sql } from "../../world/world.ts";
import type { Mutant } from "./mutant.ts";

type Source = { signature: string; name: string; body: string; definition: string };

const sources = await sql<Source[]>`
  select pronamespace::regnamespace || '.' || proname as name, prosrc as body, pg_get_functiondef(oid) as definition,
    pronamespace::regnamespace || '.' || proname || '(' || pg_get_function_identity_arguments(oid) || ')' as signature
  from pg_proc
  where pronamespace in ('public'::regnamespace, 'private'::regnamespace) and prokind = 'f'
    and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
  order by 1
`;

type Weakening = { how: string; find: RegExp; put: (found: string) => string; only?: string };

/** A call of a function, with calls in its arguments. */
const call = (name: string) => new RegExp(`${name}\\((?:[^()]|\\((?:[^()]|\\([^()]*\\))*\\))*\\)`, "g");

const everyScope = scopes.map((scope) => `'${scope}'`).join(", ");

const weakenings: Weakening[] = [
  {
    how: "without the workspace",
    find:
      /(?<=\b(?:and|where|on)\s+)(?:\w+\.)?(?:company_id|contact_id) = (?:\(select private\.\w+\('[^']*'\)\)|private\.\w+\('[^']*'\)|(?:\w+\.)?(?:company_id|workspace|companies\.id)\b)/g,
    put: () => "true",
  },
  {
    how: "without the calling workspace",
    find: /\bid = (?:\(select private\.company_for\('[^']*'\)\)|private\.calling_key\(\))/g,
    put: () => "true",
  },
  {
    how: "without the scope",
    find: /private\.company_for\('[^']*'\)/g,
    put: () => `private.company_for(${everyScope})`,
  },
  { how: "without the key", find: /private\.company_for\('[^']*'\)/g, put: () => "private.claimed_company()" },
  {
    how: "without the scope",
    find: /private\.require_company\('[^']*'\)/g,
    put: () => `private.company_for(${everyScope})`,
  },
  { how: "without the key", find: /private\.require_company\('[^']*'\)/g, put: () => "private.claimed_company()" },
  { how: "without looking for the row", find: /perform private\.open_request\([^)]*\);/g, put: () => "" },
  {
    how: "blind",
    only: "private.company_for",
    find:
      /(?<=\b(?:and|where|if)\s+)(?:api_keys\.[^\n]*|\(api_keys[^\n]*\)|[^\n(]*private\.scopes_that_allow\(wanted\))(?=\s|;)/g,
    put: () => "true",
  },
  { how: "silent", only: "private.company_for", find: /perform private\.refuse\([^;]*;/g, put: () => "return null;" },
  {
    how: "for any role",
    only: "private.company_for",
    find: /token ->> 'role' is distinct from 'api_key'/g,
    put: () => "token is null",
  },
  {
    how: "always true",
    only: "private.scopes_that_allow",
    find: /case when.* end(?=;)/gs,
    put: () => `array[${everyScope}]`,
  },
  ...["read", "delete"].map((access) => ({
    how: `with ${access} for write`,
    only: "private.scopes_that_allow",
    find: /(?<=else )array\[wanted, 'admin'\]/g,
    put: () => `array[wanted, 'admin', replace(wanted, ':write', ':${access}')]`,
  })),
  {
    how: "always true",
    only: "private.may_write_referrals",
    find: /private\.claims\(\) ->> 'role' is distinct from 'api_key'/g,
    put: () => "true",
  },
  // What acts later acts with its maker's scopes, and shows what it did to who may read that.
  { how: "without the maker", find: call("private\\.maker_allows"), put: () => "true" },
  { how: "without demanding", find: /perform private\.demand_scopes\([^;]*;/g, put: () => "" },
  { how: "without the mask", find: call("private\\.caller_holds"), put: () => "true" },
  { how: "for any starter", find: /\w+\.triggered_by = private\.calling_key\(\)/g, put: () => "true" },
  { how: "silent", only: "private.action_of", find: /refusal is not null/g, put: () => "false" },
  { how: "silent", only: "private.demand_scopes", find: /perform private\.refuse\([^;]*;/g, put: () => "" },
  {
    how: "blind",
    only: "private.maker_allows",
    find: /not exists \(.*?\n {6}\)/gs,
    put: () => "true",
  },
  ...["private.scopes_to_hear", "private.scopes_of_action", "private.scopes_to_see"].map((only) => ({
    how: "without a scope",
    only,
    find: /array\['[^\]]*\]/g,
    put: () => "array[]::text[]",
  })),
  { how: "without what is heard", find: call("private\\.scopes_to_hear"), put: () => "array[]::text[]" },
  { how: "empty", only: "public.require_scope", find: /if private\.company_for.*? then/gs, put: () => "if false then" },
];

/** Each place of each function's text where a workspace, a scope or a key is looked at, weakened by itself. */
export const sourceMutants: Mutant[] = sources.flatMap((source) =>
  weakenings.filter(({ only }) => !only || only === source.name).flatMap(({ how, find, put }) =>
    [...source.body.matchAll(find)].map((match, place): Mutant => {
      const weak = source.body.slice(0, match.index) + put(match[0]) + source.body.slice(match.index + match[0].length);
      return {
        name: `${source.signature} ${how}: ${match[0].replace(/\s+/g, " ")}${place > 0 ? ` (${place + 1})` : ""}`,
        family: source.name === "private.company_for" ? "the key's row" : "function of the database",
        up: source.definition.replace(source.body, () => weak),
        down: source.definition,
        concerns: reaching(source),
      };
    })
  )
);

const idle = weakenings.filter(({ only, find }) =>
  only && !sources.some(({ name, body }) => name === only && body.match(find))
);
if (idle.length > 0) {
  throw new Error(`Nothing is ${idle.map(({ only, how }) => `${only} ${how}`)}: say where it is now.`);
}

/** Cells that lead to a function: by its callers, by the tables whose triggers do, for what every policy asks by two tables. */
function reaching({ name }: Source): (cell: Cell) => boolean {
  const everywhere = ["private.company_for", "private.scopes_that_allow"].includes(name);
  const own = everywhere
    ? ["public.referrals", "public.crm_contacts"]
    : tables.map(({ full }) => full).filter((full) => triggered(full).includes(name));
  return ({ to, about, isApart }) =>
    to === "rest" && !(everywhere && isApart) &&
    (about.includes(name) || own.some((table) => about.includes(table)));
}
