import { assert, assertEquals } from "@std/assert";
import { automate } from "../world/automations.ts";
import { mailsTo } from "../world/mailbox.ts";
import { eventually, sql, world } from "../world/world.ts";

const rows = 3_000;

Deno.test("alice writes 3,000 rows, each of which an automation mails about: bob's run is done within 5 s", async () => {
  const { alice, bob } = await world();
  const trigger = { trigger_type: "referral_attributed" };
  const email = `rita-${crypto.randomUUID()}@example.com`;
  const rita = await alice.creates("/contacts", { first_name: "Rita", email });
  const mail = { action_type: "send_email", config: { to: "referrer", subject: "Hi", body_html: "<p>Hi</p>" } };
  const thank = await automate(alice, trigger, mail);
  const theirs = await automate(bob, trigger);
  const sam = await bob.creates("/contacts", { first_name: "Sam" });

  await sql`
    insert into referrals (company_id, referrer_contact_id)
    select ${alice.companyId}, ${rita.id} from generate_series(1, ${rows}::int)
  `;
  const delays: number[] = [];
  for (let i = 1; i <= 5; i++) {
    const started = Date.now();
    await bob.creates("/referrals", { referrer_contact_id: sam.id });
    await eventually(async () => {
      const runs = await bob.gets(`/automations/${theirs.id}/runs?status=completed`);
      return runs.length === i;
    }, 60);
    delays.push(Date.now() - started);
  }
  const [{ most }] = await sql`
    select count(*)::int as most from automation_runs
    where automation_id = ${thank.id} and due_at > now() and due_at < now() + interval '1 hour'
  `;
  const mailed = (await mailsTo(email)).length;
  await alice.delete(`/automations/${thank.id}`);

  console.log(`bob waited for ${delays.join(", ")} ms`);
  assert(Math.max(...delays) < 5_000, `${delays} ms`);
  assertEquals([most <= 4, mailed > 0], [true, true]);
});
