import { assert, assertEquals } from "@std/assert";
import postgres from "postgres";
import { type Person, sql, workspace } from "../world/world.ts";

/** Counts a mail of the person's workspace; gives the budget that refuses it with the seconds to wait, or null. */
async function takeMail({ companyId }: Person, address: string, key: string = crypto.randomUUID()) {
  try {
    await sql`select private.take_mail(${companyId}, ${address}, ${key})`;
    return null;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    const { code, details } = JSON.parse(error.message);
    const { status, headers } = JSON.parse(error.detail!);
    assert(Number(headers["Retry-After"]) > 0 && Number(headers["Retry-After"]) <= 86_400);
    return [status, code, details];
  }
}

const counted = async ({ companyId }: Person) => {
  const rows = await sql`select mails from private.mail_days where company_id = ${companyId}`;
  return rows.map(({ mails }) => mails);
};

Deno.test("grace gets five mails a day from alice's clinic, a retry is the same mail, and bob may still write her", async () => {
  const [alice, bob] = [await workspace("Alice's clinic"), await workspace("Bob's brokers")];
  for (const key of ["1", "2", "3", "3", "3", "4", "5"]) {
    assertEquals(await takeMail(alice, "grace@example.com", key), null);
  }

  assertEquals(await takeMail(alice, " Grace@Example.com", "6"), [429, "RATE_LIMITED", "mails_per_recipient"]);
  assertEquals(await takeMail(alice, "grace@example.com", "5"), null);
  assertEquals(await takeMail(alice, "henry@example.com"), null);
  assertEquals(await takeMail(bob, "grace@example.com", "1"), null);
  assertEquals([await counted(alice), await counted(bob)], [[6], [1]]);
});

Deno.test("a workspace's day has as many mails as its operator set, also when all are asked for at once", async () => {
  const [alice, bob] = [await workspace("Alice's clinic"), await workspace("Bob's brokers")];
  await sql`insert into private.workspace_limits values (${alice.companyId}, 'mails_per_day', 3)`;

  const taken = await Promise.all(
    Array.from({ length: 8 }, (_, at) => takeMail(alice, `friend-${at}@example.com`)),
  );

  assertEquals(taken.filter((refused) => refused === null).length, 3);
  assertEquals(
    taken.filter((refused) => refused !== null),
    Array(5).fill([429, "RATE_LIMITED", "mails_per_day"]),
  );
  assertEquals([await takeMail(bob, "friend-1@example.com"), await counted(alice)], [null, [3]]);
});

Deno.test("yesterday's mails are not today's, and last week's are forgotten", async () => {
  const alice = await workspace("Alice's clinic");
  for (const key of ["1", "2", "3", "4", "5"]) await takeMail(alice, "grace@example.com", key);
  const earlier = (days: number) =>
    Promise.all([
      sql`update private.counted_mails set day = day - ${days}::integer where company_id = ${alice.companyId}`,
      sql`update private.mail_days set day = day - ${days}::integer where company_id = ${alice.companyId}`,
    ]);
  await earlier(1);
  // A retry of yesterday's mail is still that mail.
  assertEquals([await takeMail(alice, "grace@example.com", "5"), await counted(alice)], [null, [5]]);
  assertEquals([await takeMail(alice, "grace@example.com", "6"), (await counted(alice)).sort()], [null, [1, 5]]);
  await earlier(7);
  assertEquals(await takeMail(alice, "grace@example.com", "7"), null);
  const kept = await sql`select mail_key from private.counted_mails where company_id = ${alice.companyId} order by 1`;
  assertEquals(kept.map(({ mail_key }) => mail_key), ["6", "7"]);
});
