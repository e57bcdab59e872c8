import { parseArgs } from "node:util";
import { withConnection } from "../local/postgres/connection.ts";
import { Refusal, runProgram } from "../local/refusal.ts";
import { findDatabase } from "./deployment.ts";
import { createWorkspace, listWorkspaces } from "./workspace_rows.ts";

const usage = `Usage: deno task workspaces create --name NAME [--country CODE] [--time-zone ZONE]
       deno task workspaces list
  --country CODE    where phone numbers without a prefix are dialled, such as AU
  --time-zone ZONE  where its days begin, such as Australia/Sydney; UTC by default
create prints the new workspace's id. Each takes --data DIR for a stack on another data folder than .local. Without a
running stack DATABASE_URL names the database.`;

await runProgram(usage, async () => {
  const { command, flags } = readArguments(Deno.args);
  if (command !== "create" && command !== "list") throw new Refusal(usage);
  const { name, country = null, "time-zone": timezone = "UTC", data = ".local" } = flags;
  if (command === "create" && !name) throw new Refusal(`--name is missing.\n${usage}`);

  await withConnection(await findDatabase(data, Deno.env), async (sql) => {
    if (command === "list") return await listWorkspaces(sql);
    const id = await createWorkspace(sql, { name: name!, country, timezone });
    console.error("The workspace is made, without a key. Its id is below; this makes its first key:");
    console.error(`deno task keys create --company ${id} --scopes admin --name "First key"`);
    console.log(id);
  });
});

function readArguments(args: string[]) {
  try {
    const text = { type: "string" } as const;
    const options = { name: text, country: text, "time-zone": text, data: text };
    const { positionals, values } = parseArgs({ args, allowPositionals: true, options });
    return { command: positionals[0], flags: values };
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}
