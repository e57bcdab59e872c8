import { parseArgs } from "node:util";
import postgres from "postgres";
import { withConnection } from "../local/postgres/connection.ts";
import { Refusal, runProgram } from "../local/refusal.ts";
import { findDatabase } from "./deployment.ts";
import { isUuid } from "./mint.ts";

const names = ["mails_per_day", "contacts", "automations", "actions", "subscriptions", "open_requests"];
const usage = `Usage: deno task limits --company ID [--set name=value]... [--reset name]...
Names: ${names.join(", ")}. It takes --data DIR for a stack on another data folder than .local.`;

await runProgram(usage, async () => {
  const { company, set, reset, data } = readArguments(Deno.args);
  if (!company || !isUuid(company)) throw new Refusal(`--company takes a company's id.\n${usage}`);
  const rows = set.map((text) => ({ company_id: company, ...readLimit(text) }));
  for (const name of reset) known(name);

  await withConnection(await findDatabase(data, Deno.env), async (sql) => {
    await sql.begin(async (tx) => {
      for (const row of rows) {
        await tx`
          insert into private.workspace_limits ${tx(row)}
          on conflict (company_id, name) do update set value = excluded.value`;
      }
      await tx`delete from private.workspace_limits where company_id = ${company} and name = any (${reset})`;
    }).catch((error) => {
      if (!(error instanceof postgres.PostgresError) || error.code !== "23503") throw error;
      throw new Refusal(`There is no company ${company}.`);
    });
    const limits = await sql<{ name: string; value: number; own: boolean }[]>`
      select name, private.limit_of(${company}, name) as value,
        exists (select from private.workspace_limits as own where own.company_id = ${company} and own.name = names.name) as own
      from unnest(${names}::text[]) as names (name)`;
    for (const { name, value, own } of limits) console.log(`${name}=${value}${own ? "" : "  (default)"}`);
  });
});

function readArguments(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        company: { type: "string" },
        set: { type: "string", multiple: true, default: [] },
        reset: { type: "string", multiple: true, default: [] },
        data: { type: "string", default: ".local" },
      },
    });
    return values;
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

function readLimit(text: string): { name: string; value: number } {
  const [, name = text, value] = /^(\w+)=(\d{1,9})$/.exec(text) ?? [];
  known(name);
  if (!value || Number(value) === 0) throw new Refusal(`--set takes name=value, a value from 1, not "${text}".`);
  return { name, value: Number(value) };
}

function known(name: string): void {
  if (!names.includes(name)) throw new Refusal(`There is no limit "${name}". Limits: ${names.join(", ")}.`);
}
