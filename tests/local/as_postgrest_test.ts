import { assertEquals } from "@std/assert";
import { type Reply, sql, world } from "../world/world.ts";

const said = ({ status, body }: Reply) => [status, body?.code, body?.message];

/** A trigger of this body for each contact that gets the last name. */
async function ruleFor(name: string, body: string): Promise<AsyncDisposable> {
  await sql.unsafe(`
    create function private.tried_rule() returns trigger language plpgsql set search_path = '' as $rule$ begin
      ${body} return new;
    end $rule$;
    create trigger crm_contacts_tried_rule before insert or update on public.crm_contacts
      for each row when (new.last_name = '${name}') execute function private.tried_rule();
  `);
  return { [Symbol.asyncDispose]: async () => void await sql.unsafe("drop function private.tried_rule() cascade") };
}

Deno.test("an error of the database is answered by its own code, with the status that PostgREST gives it", async () => {
  const { alice } = await world();
  const name = "Sqlstate";
  await using _rule = await ruleFor(name, "raise exception 'no' using errcode = new.first_name, hint = 'wait';");
  const statuses = {
    "23502": 400,
    "23514": 400,
    "22P02": 400,
    "21000": 500,
    "25006": 405,
    "28000": 403,
    "40001": 500,
    "40P01": 500,
    "53100": 503,
    "53400": 500,
    "55P03": 500,
    "57014": 500,
    "P0001": 400,
    "P0002": 500,
    "XX000": 500,
    "RF001": 400,
    "PT418": 418,
  };
  for (const [code, status] of Object.entries(statuses)) {
    const reply = await alice.rest("POST", "/crm_contacts", { first_name: code, last_name: name });
    assertEquals([said(reply), reply.body.hint], [[status, code, "no"], "wait"]);
  }

  const broken = await alice.rest("POST", "/crm_contacts", { first_name: "", last_name: "Nameless" });
  const called = await alice.rest("POST", "/rpc/create_pipeline", { name: "", stages: [] });
  const constraint = 'violates check constraint "crm_contacts_first_name_check"';
  assertEquals(said(broken), [400, "23514", `new row for relation "crm_contacts" ${constraint}`]);
  assertEquals([called.status, called.body.code], [400, "23514"]);
});
