import { assertEquals } from "@std/assert";
import { scopes, scopesAllow } from "../../supabase/functions/api/contract/scopes.ts";
import { normaliseScopes } from "../../operator/scopes.ts";
import { sql } from "../world/world.ts";

Deno.test("a key may be made by TrustPager's names of scopes, and holds the scopes' own", () => {
  const theirs = ["deals:read", "deals:delete", "automations:delete", "automations-trigger:trigger", "webhooks:delete"];

  assertEquals(normaliseScopes([...theirs, "opportunities:read"]), [
    "opportunities:read",
    "opportunities:delete",
    "automations:write",
    "automations:trigger",
    "webhooks:write",
  ]);
});

Deno.test("SQL and TypeScript agree for every pair of scopes on what implies what", async () => {
  const rows = await sql<{ held: typeof scopes[number]; wanted: typeof scopes[number]; allowed: boolean }[]>`
    select held, wanted, held = any (private.scopes_that_allow(wanted)) as allowed
    from unnest(${[...scopes]}::text[]) as held, unnest(${[...scopes]}::text[]) as wanted
  `;
  const implied = rows.filter(({ allowed }) => allowed);

  assertEquals(rows.length, scopes.length ** 2);
  assertEquals(rows.map(({ allowed }) => allowed), rows.map(({ held, wanted }) => scopesAllow([held], wanted)));
  assertEquals(
    implied.filter(({ held, wanted }) => held !== wanted && held !== "admin").map(({ held, wanted }) => [held, wanted]),
    [
      ["referrals:write", "referrals:read"],
      ["referrals:delete", "referrals:read"],
      ["contacts:write", "contacts:read"],
      ["contacts:delete", "contacts:read"],
      ["opportunities:write", "opportunities:read"],
      ["opportunities:delete", "opportunities:read"],
      ["pipelines:write", "pipelines:read"],
      ["company:write", "company:read"],
      ["automations:write", "automations:read"],
      ["webhooks:write", "webhooks:read"],
    ],
  );
  assertEquals(scopesAllow([], "referrals:read"), false);
  assertEquals(implied.filter(({ held }) => held === "admin").length, scopes.length);
});

Deno.test("a row of a key may hold the scopes that scopes.ts lists, and no other", async () => {
  const [{ check }] = await sql`
    select pg_get_constraintdef(oid) as check
    from pg_constraint
    where conrelid = 'api_keys'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%referrals:read%'
  `;

  const listed = [...check.matchAll(/'([a-z]+(?::[a-z]+)?)'::text/g)].map(([, scope]) => scope);
  assertEquals(listed.sort(), [...scopes].sort());
});
