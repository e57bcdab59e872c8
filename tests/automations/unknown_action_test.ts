import { assertEquals } from "@std/assert";
import { automate, trigger } from "../world/automations.ts";
import { type Json, sql, workspace } from "../world/world.ts";
import { mailsTo } from "../world/mailbox.ts";

/** The checks of a table, taken off until the end of the block. */
async function unchecked(table: string): Promise<AsyncDisposable> {
  const checks = await sql<{ name: string; definition: string }[]>`
    select quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
    from pg_constraint where conrelid = ${table}::regclass and contype = 'c'`;
  const alter = (changes: string[]) => sql.unsafe(`alter table ${table} ${changes.join(", ")}`);
  await alter(checks.map(({ name }) => `drop constraint ${name}`));
  return {
    [Symbol.asyncDispose]: async () => {
      await alter(checks.map(({ name, definition }) => `add constraint ${name} ${definition}`));
    },
  };
}

Deno.test("an action that this deployment does not know, or cannot read, fails its run by name and mails nobody", async () => {
  const alice = await workspace("Alice's clinic");
  const to = `desk-${crypto.randomUUID()}@example.com`;
  const mail = { to, subject: "Hello", body_html: "<p>Hello</p>" };
  const automation = await automate(alice, { trigger_type: "referral_attributed" }, {
    action_type: "send_email",
    config: mail,
  });
  const runOf = async (action_type: string, config: Json) => {
    await sql`update automation_actions set action_type = ${action_type}, config = ${sql.json(config)}
      where automation_id = ${automation.id}`;
    const run = await trigger(alice, automation, {});
    return [run.status, run.error, run.actions_failed];
  };

  {
    await using _ = await unchecked("automation_actions");
    assertEquals(await runOf("send_fax", mail), ["failed", "send_fax failed: There is no action type send_fax.", 1]);
    assertEquals(await runOf("create_referral", mail), [
      "failed",
      "create_referral failed: There is no action type create_referral.",
      1,
    ]);
    assertEquals(await runOf("send_email", { to, subject: "Hello" }), [
      "failed",
      "send_email failed: config.body_html must be a string.",
      1,
    ]);
    await sql`delete from automation_actions where automation_id = ${automation.id}`;
  }
  assertEquals(await mailsTo(to), []);
});
