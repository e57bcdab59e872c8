import { join } from "node:path";
import postgres from "postgres";
import { asPostgres, withConnection } from "./connection.ts";
import { provideExtensions, type StandIns } from "../extensions/extensions.ts";
import { Refusal } from "../refusal.ts";

/**
 * Brings a database to the state of the project: what the platform has, the migrations that it lacks, each in a transaction and
 * recorded as the Supabase CLI does, and on a database without any the seed. Says what is stood in for. Throws a Refusal that
 * names the failing file.
 */
export async function migrate(superuserUrl: string, supabase: string): Promise<StandIns> {
  const platform = join(import.meta.dirname ?? ".", "platform.sql");
  const standIns = await withConnection(superuserUrl, (sql) => apply(sql, platform, provideExtensions));
  await withConnection(superuserUrl, (sql) => applyMigrations(sql, supabase), asPostgres);
  return standIns;
}

async function applyMigrations(sql: postgres.Sql, supabase: string): Promise<void> {
  await sql.unsafe(`
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (version text primary key);
    alter table supabase_migrations.schema_migrations
      add column if not exists statements text[],
      add column if not exists name text;
  `);
  const rows = await sql<{ version: string }[]>`select version from supabase_migrations.schema_migrations`;
  const recorded = new Set(rows.map((row) => row.version));

  for (const { file, version, name } of await listMigrations(join(supabase, "migrations"))) {
    if (recorded.has(version)) continue;
    await apply(sql, file, async (tx, text) => {
      await tx`
        insert into supabase_migrations.schema_migrations (version, statements, name)
        values (${version}, ${[text]}, ${name})
      `;
    });
  }

  const seed = join(supabase, "seed.sql");
  if (recorded.size === 0 && await Deno.stat(seed).then(() => true, () => false)) {
    await apply(sql, seed, () => Promise.resolve());
  }
}

async function listMigrations(folder: string) {
  const files = [];
  for await (const entry of Deno.readDir(folder)) {
    const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(entry.name) ?? [];
    if (version) files.push({ file: join(folder, entry.name), version, name });
  }
  return files.sort((a, b) => a.version < b.version ? -1 : 1);
}

/** Gives what `next` gives, in the transaction of the file. */
async function apply<T>(
  sql: postgres.Sql,
  file: string,
  next: (tx: postgres.TransactionSql, text: string) => Promise<T>,
): Promise<T> {
  const text = await Deno.readTextFile(file);
  try {
    return await sql.begin(async (tx) => {
      await tx.unsafe(text);
      return await next(tx, text);
    }) as T;
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error;
    throw new Refusal(`${file}${lineOf(text, error)}: ${error.message}${error.detail ? ` (${error.detail})` : ""}`);
  }
}

function lineOf(text: string, error: postgres.PostgresError): string {
  const position = Number(error.position);
  return position > 0 ? `:${[...text].slice(0, position).join("").split("\n").length}` : "";
}
