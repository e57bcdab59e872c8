import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { Refusal } from "./refusal.ts";

export interface StackOptions {
  /** Port of the gateway; 0 takes a free one. */
  port: number;
  /** Port of the embedded PostgreSQL; 0 takes a free one. */
  dbPort: number;
  /** Port of the mailbox; 0 takes a free one, and so does leaving it out beside a gateway on a free one. Else 54324. */
  mailPort?: number;
  /** Folder that keeps the database and the secrets between runs. */
  data: string;
  /** Removes the embedded database first. */
  fresh: boolean;
  /** A superuser's URL of a PostgreSQL 15 or later, instead of the embedded one. */
  databaseUrl?: string;
  /** The project's `supabase` folder. */
  supabase: string;
}

export const defaults: StackOptions = {
  port: 54321,
  dbPort: 54322,
  data: ".local",
  fresh: false,
  supabase: resolve(import.meta.dirname ?? ".", "../supabase"),
};

export const usage = `Usage: deno task start [--port N] [--db-port N] [--mail-port N] [--data DIR] [--fresh]
Starts PostgreSQL, the data API, the function and a mailbox on this machine, and prints where they are.
  --port N       where the API is, 54321 by default; 0 takes a free one, here and below
  --db-port N    where PostgreSQL is, 54322 by default
  --mail-port N  where the mailbox is, 54324 by default
  --data DIR     the folder that keeps the database and the secrets, .local by default
  --fresh        removes the database of that folder first
STACK_PORT, STACK_DB_PORT and STACK_MAIL_PORT do what these flags do. DATABASE_URL, a superuser's of PostgreSQL 15 or
later, takes the place of the embedded database.`;

/** Reads the command line, then the environment. Throws a Refusal for a flag or a port that makes no sense. */
export function readOptions(args: string[], environment: Deno.Env): StackOptions {
  const flags = parseFlags(args);
  return {
    ...defaults,
    port: readPort("--port", flags.port ?? environment.get("STACK_PORT"), defaults.port),
    dbPort: readPort("--db-port", flags["db-port"] ?? environment.get("STACK_DB_PORT"), defaults.dbPort),
    mailPort: readPort("--mail-port", flags["mail-port"] ?? environment.get("STACK_MAIL_PORT"), undefined),
    data: flags.data ?? defaults.data,
    fresh: flags.fresh ?? false,
    databaseUrl: environment.get("DATABASE_URL") || undefined,
  };
}

function parseFlags(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: "string" },
        "db-port": { type: "string" },
        "mail-port": { type: "string" },
        data: { type: "string" },
        fresh: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

function readPort<T>(flag: string, text: string | undefined, fallback: T): number | T {
  if (text === undefined || text === "") return fallback;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) throw new Refusal(`${flag} takes a port number, not "${text}".`);
  return Number(text);
}
