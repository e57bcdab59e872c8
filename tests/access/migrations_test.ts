import { assertEquals, assertNotEquals } from "@std/assert";
import { join } from "node:path";

const folder = join(import.meta.dirname ?? ".", "../../supabase/migrations");

/** A page's name, and its statements without comments, strings and bodies, in one line each. */
type Page = { name: string; statements: string[] };

const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
const texts = files.map((file) => ({
  name: file.replace(/^\d+_|\.sql$/g, ""),
  text: Deno.readTextFileSync(join(folder, file)),
}));

/** The page that a later one says it replaces, in part or whole. */
const replaced = (text: string) => /^-- Replaces the page (\w+)/m.exec(text)?.[1];

const pages: Page[] = texts.filter(({ text }) => !replaced(text))
  .map(({ name, text }) => ({ name, statements: statementsOf(text) }));

function statementsOf(text: string): string[] {
  return text
    .replaceAll(/("[^"]*")|--[^\n]*|\$\$.*?\$\$|'(?:[^']|'')*'/gs, (_found, name) => name ?? "")
    .split(";")
    .map((statement) => statement.replaceAll(/\s+/g, " ").trim())
    .filter((statement) => statement !== "");
}

/** What a statement makes: `function private.claims()`, `policy "…" on public.referrals`, `setting api_key jit`. */
function made(statement: string): string[] {
  const setting = /^alter role (\w+) set (\w+)/.exec(statement);
  if (setting) return [`setting ${setting[1]} ${setting[2]}`];
  const [, kind, rest] =
    /^create (?:or replace )?(?:unique |unlogged )?(\w+) (?:if not exists )?(.*)$/.exec(statement) ?? [];
  if (!kind) return [];
  if (kind === "function") return [`function ${rest.slice(0, rest.indexOf(") returns") + 1)}`];
  const [name] = /^(?:"[^"]*"|[\w.]+)/.exec(rest) ?? [rest];
  const table = ["policy", "trigger"].includes(kind) ? ` on ${/ on ([\w.]+)/.exec(rest.slice(name.length))?.[1]}` : "";
  return [`${kind} ${name}${table}`];
}

/** What a statement grants, each privilege of each column on each thing to each role by itself. */
function granted(statement: string): string[] {
  const [, what, kind, things, roles] = /^grant (.*?) on (function |schema |)(.*) to ([\w, ]+)$/.exec(statement) ?? [];
  const privileges = outerParts(what ?? "").flatMap((privilege) => {
    const [, name, columns] = /^(\w+) \((.*)\)$/.exec(privilege) ?? [];
    return name ? columns.split(", ").map((column) => `${name} ${column}`) : [privilege];
  });
  return privileges.flatMap((privilege) =>
    outerParts(things).flatMap((thing) => roles.split(", ").map((role) => `${privilege} on ${kind}${thing} to ${role}`))
  );
}

/** The parts between commas that no brackets enclose. */
function outerParts(list: string): string[] {
  return list.match(/(?:\([^)]*\)|[^,(])+/g)?.map((part) => part.trim()) ?? [];
}

function doubled(names: string[]): string[] {
  return names.filter((name, place) => names.indexOf(name) !== place);
}

const restating = /^(?:drop|revoke|create or replace)\b|^alter (?!default privileges\b|role \w+ set\b)/;
const switchesSecurityOn = /^alter table [\w.]+ enable row level security$/;

/** Says what must not be in the pages, and finds each of the `violations` when a last page has it. */
const rules: Record<string, { offenders: (statements: string[]) => string[]; violations: string[] }> = {
  "everything is made once": {
    offenders: (statements) => doubled(statements.flatMap(made)),
    violations: [
      "create table if not exists public.referrals (id uuid)",
      "create unlogged table private.request_budgets (id uuid)",
      "create or replace function private.claims() returns jsonb language sql as $$ select null::jsonb $$",
      "create index referrals_status on public.referrals (status)",
      "create unique index referrals_once on public.referrals (status)",
      "create statistics public.referrals_owner (dependencies) on id, company_id from public.referrals",
      "create trigger referrals_touch after update on public.referrals for each row execute function x.y()",
      `create policy "keys with referrals:delete remove their workspace's referrals" on public.referrals using (true)`,
      "create view public.placed_deals as select 1",
      "create schema private",
      "create role api_key",
      "alter role api_key set jit = on",
    ],
  },
  "nothing is taken back or restated": {
    offenders: (statements) =>
      statements.filter((statement) => restating.test(statement) && !switchesSecurityOn.test(statement)),
    violations: [
      "drop table public.referrals",
      "revoke select on public.referrals from anon",
      "create or replace view public.everything as select 1",
      "alter table public.referrals add column mood text",
      "alter function private.claims() volatile",
    ],
  },
  "a function's grant follows it": {
    offenders: (statements) =>
      statements.filter((statement, place) => {
        const [, name] = /^grant execute on function ([\w.]+)\(/.exec(statement) ?? [];
        return name && !statements[place - 1].startsWith(`create function ${name}(`);
      }),
    violations: ["grant execute on function private.brand(public.companies) to anon"],
  },
  "everything is granted once": {
    offenders: (statements) => doubled(statements.flatMap(granted)),
    violations: [
      "grant select on public.referrals to api_key",
      "grant execute on function private.boo(), private.referral_form(text) to api_key, anon",
      "grant insert (id), update (source, notes) on public.referrals to api_key",
    ],
  },
};

for (const [rule, { offenders, violations }] of Object.entries(rules)) {
  Deno.test(`in the migrations ${rule}; the guard would see it`, () => {
    const statements = pages.flatMap((page) => page.statements);
    assertEquals(offenders(statements), []);
    for (const violation of violations) {
      assertNotEquals(offenders([...statements, ...statementsOf(violation)]), [], violation);
    }
  });
}

Deno.test("every statement of the migrations is of a kind that these guards know", () => {
  const known = /^(?:create|grant|alter|notify pgrst|do$|select vault\.create_secret\()/;
  const others = pages.flatMap(({ name, statements }) =>
    statements.filter((statement) => !known.test(statement)).map((statement) => `${name}: ${statement}`)
  );
  assertEquals(others, []);
});

Deno.test("a migration that replaces a page names one that is there", () => {
  const names = texts.map(({ name }) => name);
  assertEquals(texts.map(({ text }) => replaced(text)).filter((name) => name && !names.includes(name)), []);
});
