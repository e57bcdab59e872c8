import postgres from "postgres";
import { atMost, interleave, median, printTable, ratio } from "./measure.ts";
import { become } from "./session.ts";
import { perSecond, startWorkspace } from "./stack.ts";

const rounds = 7;
const inserts = 400;

/**
 * What the triggers, policies and foreign keys of referrals cost an insert, against a bare table of the same shape: where wake-ups
 * only reach a listener, and beside the dispatcher, which then works on the same cores.
 */
export async function triggers(): Promise<void> {
  await using workspace = await startWorkspace(1_000);
  const { stack, sql, companyId, key, referral } = workspace;
  await sql.unsafe(`
    create table public.bare_referrals (like public.referrals including defaults including indexes);
    grant insert on public.bare_referrals to api_key;
  `);
  const [settings] = await sql`
    select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit
  `;
  const url = new URL(stack.databaseUrl);
  url.username = "authenticator";
  const connections = await Promise.all(Array.from({ length: 8 }, async () => {
    const own = postgres(url.href, { max: 1, onnotice: () => {} });
    await become(own, "api_key", { sub: key.id, company_id: companyId, scopes: ["admin"] });
    return own;
  }));
  const insert = (table: string) => (client: number) => {
    const own = connections[client];
    return own`insert into ${own("public." + table)} ${own(referral())}`;
  };
  const measure = () =>
    interleave(rounds, {
      "1 client": () => perSecond(1, inserts, insert("referrals")),
      "1 client, bare": () => perSecond(1, inserts, insert("bare_referrals")),
      "8 clients": () => perSecond(8, inserts, insert("referrals")),
      "8 clients, bare": () => perSecond(8, inserts, insert("bare_referrals")),
    });

  const listener = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(null, { status: 202 }),
  );
  const [dispatcher] = await sql`
    select id, decrypted_secret as url from vault.decrypted_secrets where name = 'referrals_dispatch_url'
  `;
  await sql`select vault.update_secret(${dispatcher.id}, ${`http://127.0.0.1:${listener.addr.port}/internal/dispatch`})`;
  const alone = await measure();
  await sql`update private.events set fanned_out_at = now() where fanned_out_at is null`;
  await sql`select vault.update_secret(${dispatcher.id}, ${dispatcher.url})`;
  const beside = await measure();
  await listener.shutdown();
  await Promise.all(connections.map((own) => own.end()));

  const durable = `fsync ${settings.fsync}, synchronous_commit ${settings.synchronous_commit}`;
  console.log(`An insert with its triggers against a bare one, as a key: ${rounds} rounds of ${inserts}, ${durable}`);
  printTable(
    ["clients", "inserts per second", "bare per second", "times a bare insert", "target"],
    Object.entries({ "": alone, ", beside the dispatcher": beside }).flatMap(([where, measured]) =>
      ["1 client", "8 clients"].map((clients) => {
        const [ours, bare] = [measured[clients as "1 client"], measured[`${clients as "1 client"}, bare`]];
        const { middle, text } = ratio(bare, ours);
        return [
          clients + where,
          median(ours).toFixed(0),
          median(bare).toFixed(0),
          text,
          where ? "" : atMost(3, middle),
        ];
      })
    ),
  );
}
