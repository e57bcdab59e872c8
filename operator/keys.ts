import { parseArgs } from "node:util";
import { withConnection } from "../local/postgres/connection.ts";
import { Refusal, runProgram } from "../local/refusal.ts";
import { findDatabase, findSigning } from "./deployment.ts";
import { isUuid, mintKey } from "./mint.ts";
import { listKeys, revokeKey, rotateKey } from "./key_rows.ts";

const usage = `Usage: deno task keys create --company ID --scopes A,B [--name NAME] [--expires-in-days N]
       deno task keys list [--company ID]
       deno task keys revoke ID
       deno task keys rotate ID [--overlap-hours N]
Each takes --data DIR for a stack on another data folder than .local. Without a running stack DATABASE_URL names the
database, and API_KEY_SIGNING_KEY (a private ES256 key as JWK, with its kid), or API_KEY_JWT_SECRET with API_KEY_JWT_KID,
what create and rotate sign with.`;

const commands = ["create", "list", "revoke", "rotate"];

await runProgram(usage, async () => {
  const { command, id, flags } = readArguments(Deno.args);
  // Before a database is looked for: who asks how it is used has none yet.
  if (!command || !commands.includes(command)) throw new Refusal(usage);
  const data = flags.data ?? ".local";
  const databaseUrl = await findDatabase(data, Deno.env);
  const signing = () => findSigning(databaseUrl, data, Deno.env);

  await withConnection(databaseUrl, async (sql) => {
    if (command === "list") {
      await listKeys(sql, flags.company && uuid(flags.company));
    } else if (command === "revoke") {
      await revokeKey(sql, uuid(id));
    } else if (command === "rotate") {
      const overlap = readCount("--overlap-hours", flags["overlap-hours"]);
      printToken(await rotateKey(sql, await signing(), uuid(id), overlap));
    } else if (command === "create") {
      const days = readCount("--expires-in-days", flags["expires-in-days"]);
      const key = {
        companyId: required("--company", flags.company),
        scopes: required("--scopes", flags.scopes).split(","),
        name: flags.name ?? "API key",
        expiresAt: days === undefined ? undefined : new Date(Date.now() + days * 86_400_000),
      };
      printToken(await mintKey(sql, await signing(), key));
    }
  });
});

function readArguments(args: string[]) {
  try {
    const text = { type: "string" } as const;
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        company: text,
        scopes: text,
        name: text,
        "expires-in-days": text,
        "overlap-hours": text,
        data: text,
      },
    });
    return { command: positionals[0], id: positionals[1] ?? "", flags: values };
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

function printToken({ id, token }: { id: string; token: string }): void {
  console.error(`Key ${id}. Its token, shown only now:`);
  console.log(token);
}

function required(flag: string, value: string | undefined): string {
  if (!value) throw new Refusal(`${flag} is missing.\n${usage}`);
  return value;
}

function readCount(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text) || Number(text) === 0) throw new Refusal(`${flag} takes a number from 1, not "${text}".`);
  return Number(text);
}

function uuid(text: string): string {
  if (!isUuid(text)) throw new Refusal(`"${text}" is no id.\n${usage}`);
  return text;
}
