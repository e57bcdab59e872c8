import { signatureHeaders } from "../supabase/functions/api/webhooks/signing.ts";
import { atLeast, interleave, median, printTable, ratio } from "./measure.ts";
import { startWorkspace } from "./stack.ts";

const rounds = 7;
const events = 1_000;

/** Events per second from the write to a listener on this machine, against a bare loop of signed `fetch` calls to it. */
export async function eventThroughput(): Promise<void> {
  await using workspace = await startWorkspace(1_000);
  const { sql, companyId, referral } = workspace;
  let left = 0;
  let arrived = Promise.withResolvers<void>();
  const listener = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    await request.text();
    if (--left === 0) arrived.resolve();
    return new Response(null, { status: 204 });
  });
  const url = `http://127.0.0.1:${listener.addr.port}/`;
  const [{ secret }] = await sql`
    with subscription as (
      insert into webhook_subscriptions (company_id, url, events)
      values (${companyId}, ${url}, '{referral_attributed}') returning id
    )
    select private.issue_webhook_secret(id) as secret from subscription
  `;
  const count = async (work: () => Promise<unknown>) => {
    [left, arrived] = [events, Promise.withResolvers<void>()];
    const start = performance.now();
    await work();
    await arrived.promise;
    return events / (performance.now() - start) * 1_000;
  };
  const [sample] = await sql`insert into referrals ${sql({ company_id: companyId, ...referral() })} returning *`;
  await sql`select pg_sleep(1)`;

  const { ours, bare } = await interleave(rounds, {
    ours: () =>
      count(async () => {
        const rows = Array.from({ length: events }, () => ({ company_id: companyId, ...referral() }));
        await sql`insert into referrals ${sql(rows)}`;
      }),
    bare: () =>
      count(async () => {
        for (let i = 0; i < events; i++) {
          const id = crypto.randomUUID();
          const body = JSON.stringify({ type: "referral_attributed", timestamp: new Date(), data: { ...sample, id } });
          const response = await fetch(url, {
            method: "POST",
            headers: { "Content-Type": "application/json", ...signatureHeaders(id, body, [secret], new Date()) },
            body,
          });
          await response.body?.cancel();
        }
      }),
  });
  await listener.shutdown();

  console.log(
    `Events from a statement of ${events} rows to a listener, against signed fetch calls in a loop: ${rounds} rounds`,
  );
  const { middle, text } = ratio(ours, bare);
  printTable(
    ["events per second", "bare per second", "ratio", "target"],
    [[median(ours).toFixed(0), median(bare).toFixed(0), text, atLeast(0.4, middle)]],
  );
}
