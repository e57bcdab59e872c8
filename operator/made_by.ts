import type postgres from "postgres";

type Made = { kind: string; id: string; name: string; enabled: boolean | null };

/** Prints what a key made that acts for it, and how many of each there are; nothing for nothing. Gives how many. */
export async function printMade(sql: postgres.Sql | postgres.TransactionSql, keyId: string): Promise<number> {
  const made = await sql<Made[]>`
    select 'automation' as kind, id, name, enabled from public.automations where created_by = ${keyId}
    union all
    select 'action', id, action_type || ' of automation ' || automation_id, null
    from public.automation_actions where created_by = ${keyId}
    union all
    select 'subscription', id, url, enabled from public.webhook_subscriptions where created_by = ${keyId}
    order by kind, id
  `;
  if (made.length === 0) return 0;
  const counts = ["automation", "action", "subscription"].map((kind) => {
    const count = made.filter((one) => one.kind === kind).length;
    return `${count} ${kind}${count === 1 ? "" : "s"}`;
  });
  console.error(`It made ${counts.join(", ")}.`);
  for (const { kind, id, name, enabled } of made) {
    console.error(["", kind, id, name, ...(enabled === false ? ["disabled"] : [])].join("  "));
  }
  return made.length;
}

/** Ends what a key made: its automations and subscriptions are switched off, and what is left of it may do nothing more. */
export async function disableMade(tx: postgres.TransactionSql, keyId: string): Promise<void> {
  await tx`update public.api_keys set disabled_at = now() where id = ${keyId} and disabled_at is null`;
  await tx`update public.automations set enabled = false where created_by = ${keyId} and enabled`;
  await tx`update public.webhook_subscriptions set enabled = false where created_by = ${keyId} and enabled`;
}
