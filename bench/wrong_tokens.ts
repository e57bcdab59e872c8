import { interleave, median, printTable, ratio } from "./measure.ts";
import { startWorkspace } from "./stack.ts";

const rounds = 7;
const calls = 40;

/** Whether the time of a 404 tells how a token is wrong: each kind of wrong against a guessed one, of the right length. */
export async function wrongTokens(): Promise<void> {
  await using workspace = await startWorkspace(1);
  const { stack, sql, companyId, key } = workspace;
  await sql`update crm_contacts set email = 'asked@example.com' where company_id = ${companyId}`;
  const [{ id }] = await sql`select id from crm_contacts where company_id = ${companyId}`;
  const headers = { authorization: `Bearer ${key.token}`, "content-type": "application/json" };
  const body = JSON.stringify({ contact_id: id });
  const asked = await fetch(`${stack.apiUrl}/referrals/request`, { method: "POST", headers, body });
  const { token }: { token: string } = (await asked.json()).data;

  const kinds: Record<string, () => string> = {
    guessed: () => (crypto.randomUUID() + crypto.randomUUID()).slice(0, token.length),
    cut: () => token.slice(0, -1),
    "one letter altered": () => `${token[0] === "A" ? "B" : "A"}${token.slice(1)}`,
    "of another length": () => "x",
  };
  const measured = await interleave(
    rounds,
    Object.fromEntries(Object.entries(kinds).map(([kind, make]) => [kind, () => latency(make)])),
  );

  console.log(`How long a wrong token takes to be refused: ${rounds} rounds of ${calls} submissions`);
  printTable(
    ["token", "median ms", "against a guessed one"],
    Object.entries(measured).map(([kind, values]) => [
      kind,
      median(values).toFixed(2),
      ratio(values, measured.guessed).text,
    ]),
  );

  async function latency(make: () => string): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < calls; i++) {
      const start = performance.now();
      const reply = await fetch(`${stack.apiUrl}/public/referral-requests/${make()}/submit`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ first_name: "Noah", email: "noah@example.com", consent: true }),
      });
      await reply.arrayBuffer();
      times.push(performance.now() - start);
      if (reply.status !== 404) throw new Error(`Answered ${reply.status}.`);
    }
    return median(times);
  }
}
