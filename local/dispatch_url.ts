import { asPostgres, withConnection } from "./postgres/connection.ts";

const name = "referrals_dispatch_url";

/** Leaves in Vault where the database's wake-ups go, as an operator does on a hosted project. */
export async function keepDispatchUrl(superuserUrl: string, dispatchUrl: string): Promise<void> {
  await withConnection(superuserUrl, async (sql) => {
    const [kept] = await sql<{ id: string; url: string }[]>`
      select id, decrypted_secret as url from vault.decrypted_secrets where name = ${name}
    `;
    if (!kept) await sql`select vault.create_secret(${dispatchUrl}, ${name})`;
    else if (kept.url !== dispatchUrl) await sql`select vault.update_secret(${kept.id}, ${dispatchUrl})`;
  }, asPostgres);
}
