import { join } from "node:path";
import postgres from "postgres";
import { Refusal } from "../refusal.ts";

/** Which of the extensions that do something by themselves are stood in for: somebody has to do it. */
export interface StandIns {
  net: boolean;
  cron: boolean;
}

const extensions = {
  net: {
    name: "pg_net",
    servedDatabase: "pg_net.database_name",
    create: "create extension pg_net with schema extensions",
  },
  cron: {
    name: "pg_cron",
    servedDatabase: "cron.database_name",
    create: `
      create extension pg_cron with schema pg_catalog;
      grant usage on schema cron to postgres;
      grant execute on all functions in schema cron to postgres;
      grant select on cron.job to postgres;
      grant all on cron.job_run_details to postgres`,
  },
  vault: {
    name: "supabase_vault",
    servedDatabase: null,
    create: `
      create schema vault;
      create extension supabase_vault with schema vault cascade;
      grant usage on schema vault to postgres;
      grant select, delete on vault.secrets, vault.decrypted_secrets to postgres;
      grant execute on function vault.create_secret, vault.update_secret, vault._crypto_aead_det_decrypt to postgres`,
  },
};

/**
 * Gives a database pg_net, pg_cron and Vault as a hosted project has them: the extensions where the server runs them for this
 * database, else what stands in for them. A stand-in that is there stays. For a superuser; throws a Refusal
 * when an extension cannot be made.
 */
export async function provideExtensions(sql: postgres.TransactionSql): Promise<StandIns> {
  const stoodIn: Record<string, boolean> = {};
  for (const [schema, { name, servedDatabase, create }] of Object.entries(extensions)) {
    const [{ installed, served }] = await sql<{ installed: boolean; served: boolean }[]>`
      select
        exists (select from pg_extension where extname = ${name}) as installed,
        to_regnamespace(${schema}) is null
          and exists (select from pg_available_extensions where name = ${name})
          and ${name} = any (regexp_split_to_array(current_setting('shared_preload_libraries'), '[", ]+'))
          and coalesce(current_setting(${servedDatabase}, true), current_database()) = current_database() as served
    `;
    stoodIn[schema] = !installed && !served;
    if (installed) continue;
    const standIn = join(import.meta.dirname ?? ".", `${schema}.sql`);
    await sql.unsafe(served ? create : await Deno.readTextFile(standIn)).catch((error) => {
      if (!(error instanceof postgres.PostgresError)) throw error;
      throw new Refusal(`${served ? name : standIn}: ${error.message}`);
    });
  }
  return { net: stoodIn.net, cron: stoodIn.cron };
}
