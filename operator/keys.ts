import { parseArgs } from "node:util";
import { withConnection } from "../local/postgres/connection.ts";
import { Refusal, runProgram } from "../local/refusal.ts";
import { findDatabase, findSigning } from "./deployment.ts";
import { isUuid, mintKey } from "./mint.ts";
import { listKeys, revokeKey, rotateKey } from "./key_rows.ts";

const usage =
  `Usage: deno task keys create --company ID --scopes A,B [--name NAME] [--expires-in-days N | --never-expires]
                [--per-minute N] [--per-day N] [--credits-per-month N]
       deno task keys list [--company ID]
       deno task keys revoke ID [--disable]
       deno task keys rotate ID [--overlap-hours N]
A key ends after 365 days unless told otherwise. --disable ends what the key made too: its automations, actions and subscriptions.
Each takes --data DIR for a stack on another data folder than .local.`;

const daysByDefault = 365;

await runProgram(async () => {
  const { command, id, flags } = readArguments(Deno.args);
  const data = flags.data ?? ".local";
  const databaseUrl = await findDatabase(data, Deno.env);
  const signing = () => findSigning(databaseUrl, data, Deno.env);

  await withConnection(databaseUrl, async (sql) => {
    if (command === "list") {
      await listKeys(sql, flags.company && uuid(flags.company));
    } else if (command === "revoke") {
      await revokeKey(sql, uuid(id), flags.disable ?? false);
    } else if (command === "rotate") {
      const overlap = readCount("--overlap-hours", flags["overlap-hours"]);
      printToken(await rotateKey(sql, await signing(), uuid(id), overlap));
    } else if (command === "create") {
      const days = readCount("--expires-in-days", flags["expires-in-days"]);
      const never = flags["never-expires"] ?? false;
      if (never && days !== undefined) {
        throw new Refusal(`--never-expires and --expires-in-days exclude each other.`);
      }
      const key = {
        companyId: required("--company", flags.company),
        scopes: required("--scopes", flags.scopes).split(","),
        name: flags.name ?? "API key",
        budgets: {
          perMinute: readCount("--per-minute", flags["per-minute"], 9),
          perDay: readCount("--per-day", flags["per-day"], 9),
          creditsPerMonth: readCount("--credits-per-month", flags["credits-per-month"], 9),
        },
        expiresAt: never ? undefined : new Date(Date.now() + (days ?? daysByDefault) * 86_400_000),
      };
      printToken(await mintKey(sql, await signing(), key));
    } else {
      throw new Refusal(usage);
    }
  });
});

function readArguments(args: string[]) {
  try {
    const text = { type: "string" } as const;
    const flag = { type: "boolean" } as const;
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        company: text,
        scopes: text,
        name: text,
        "expires-in-days": text,
        "never-expires": flag,
        disable: flag,
        "overlap-hours": text,
        "per-minute": text,
        "per-day": text,
        "credits-per-month": text,
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

function readCount(flag: string, text: string | undefined, digits = 5): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || text.length > digits || Number(text) === 0) {
    throw new Refusal(`${flag} takes a number from 1, not "${text}".`);
  }
  return Number(text);
}

function uuid(text: string): string {
  if (!isUuid(text)) throw new Refusal(`"${text}" is no id.\n${usage}`);
  return text;
}
