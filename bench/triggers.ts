import postgres from "postgres";
import { atMost, interleave, median, printTable, ratio } from "./measure.ts";
import { perSecond, startWorkspace } from "./stack.ts";

const rounds = 7;
const inserts = 400;

/** What the triggers, policies and foreign keys of referrals cost an insert, against a bare table of the same shape. */
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
  const claims = JSON.stringify({ role: "api_key", sub: key.id, company_id: companyId, scopes: ["admin"] });
  const url = new URL(stack.databaseUrl);
  url.username = "authenticator";
  const connections = await Promise.all(Array.from({ length: 8 }, async () => {
    const own = postgres(url.href, { max: 1, onnotice: () => {} });
    await own`select set_config('request.jwt.claims', ${claims}, false), set_config('role', 'api_key', false)`;
    return own;
  }));
  const insert = (table: string) => (client: number) => {
    const own = connections[client];
    return own`insert into ${own("public." + table)} ${own(referral())}`;
  };

  const measured = await interleave(rounds, {
    "1 client": () => perSecond(1, inserts, insert("referrals")),
    "1 client, bare": () => perSecond(1, inserts, insert("bare_referrals")),
    "8 clients": () => perSecond(8, inserts, insert("referrals")),
    "8 clients, bare": () => perSecond(8, inserts, insert("bare_referrals")),
  });
  await Promise.all(connections.map((own) => own.end()));

  const durable = `fsync ${settings.fsync}, synchronous_commit ${settings.synchronous_commit}`;
  console.log(`An insert with its triggers against a bare one: ${rounds} rounds of ${inserts}, ${durable}`);
  const [one, oneBare, eight, eightBare] = Object.values(measured);
  printTable(
    ["clients", "inserts per second", "bare per second", "times a bare insert", "target"],
    [["1", one, oneBare] as const, ["8", eight, eightBare] as const].map(([clients, ours, bare]) => {
      const { middle, text } = ratio(bare, ours);
      return [clients, median(ours).toFixed(0), median(bare).toFixed(0), text, atMost(3, middle)];
    }),
  );
}
