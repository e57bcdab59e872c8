import { eventually } from "../../world/world.ts";
import { answerAs, owner, sqlCell } from "./sql_cells.ts";
import type { Cell } from "./cells.ts";
import { superuser, withoutTriggers } from "./snapshot.ts";
import type { Workspace } from "./workspaces.ts";

const silenced = "set local session_replication_role = replica";
const heard = "set local session_replication_role = origin";

/**
 * Predicates of private functions that no generated statement gets to, since references and other functions stand before them
 * or somebody else has to write at the same moment: each asked where nothing does.
 */
export function privateFunctionCells(mine: Workspace, theirs: Workspace): Cell[] {
  const [alice, bob] = [mine, theirs].map(({ person }) => person.companyId);
  const { referrer_contact_id, contact_id } = mine.named.fields;
  const [theirContact] = theirs.rows["public.crm_contacts"];

  return [
    sqlCell(
      owner,
      "a count of bob's for alice's contact",
      ["private.add_referrer_count", "private.add_referrer_counts"],
      ["200 []"],
      () =>
        answerAs(null, null, async (tx) => {
          await tx.unsafe(silenced);
          await tx`insert into private.referrer_counts values (${bob}, ${referrer_contact_id}, 5, 0)`;
          await tx.unsafe(heard);
          await tx`
          insert into referrals (company_id, referrer_contact_id, referred_contact_id)
          values (${alice}, ${referrer_contact_id}, ${contact_id}), (${alice}, ${contact_id}, ${referrer_contact_id})`;
          return await tx`
          select to_jsonb(total) as given from private.referrer_counts
          where company_id = ${bob} and contact_id = ${referrer_contact_id} and total <> 5`;
        }),
    ),

    sqlCell(
      owner,
      "an opportunity of alice's for bob's contact",
      ["private.open_referred_deal"],
      ["400 23502"],
      () => answerAs(null, null, (tx) => tx`select private.open_referred_deal(${alice}, ${theirContact.id}) as given`),
    ),

    sqlCell(
      owner,
      "an opportunity without a referral pipeline",
      ["private.open_referred_deal"],
      ["200 …"],
      () =>
        answerAs(null, null, async (tx) => {
          await tx`update company_settings set referral_pipeline_id = null, referral_stage_id = null where company_id = ${alice}`;
          return await tx`select private.open_referred_deal(${alice}, ${contact_id}) as given`;
        }),
    ),

    // Read in the order of the workspaces' ids: a lookup in both would take the wrong one of them in one of the two cells.
    ...[["bob's friend", alice, theirContact], ["alice's friend", bob, mine.rows["public.crm_contacts"][0]]].map((
      [whom, workspace, { email }],
    ) =>
      sqlCell(owner, `${whom}, whom somebody adds to the other's contacts at this moment`, ["private.contact_for"], [
        "200 …",
      ], () => added(workspace, email))
    ),
  ];
}

/** Whose contact `contact_for` finds when another connection adds one with that email meanwhile: null unless the workspace's. */
async function added(workspace: string, email: string) {
  const adding = await superuser.reserve();
  try {
    await adding`begin`;
    const [{ id }] = await adding`
      insert into crm_contacts (company_id, first_name, email) values (${workspace}, 'Added', ${email}) returning id`;
    const { promise: asking, resolve } = Promise.withResolvers<number>();
    const answer = answerAs(null, null, async (tx) => {
      await tx`set local enable_seqscan = off`;
      await tx`set local enable_bitmapscan = off`;
      const [{ pid }] = await tx`select pg_backend_pid() as pid`;
      resolve(pid);
      const [{ found }] = await tx`select private.contact_for(${workspace}, 'Asked', null, ${email}, null) as found`;
      return await tx`select to_jsonb(id) as given from crm_contacts where id = ${found} and company_id = ${workspace}`;
    });
    const pid = await asking;
    let isAnswered = false;
    answer.finally(() => isAnswered = true).catch(() => {});
    await eventually(async () => {
      const [{ waits }] =
        await superuser`select exists (select from pg_locks where pid = ${pid} and not granted) as waits`;
      return waits || isAnswered;
    });
    await adding`commit`;
    const found = await answer;
    await adding`delete from crm_contacts where id = ${id}`;
    await withoutTriggers(async (tx) => void await tx`delete from audit_log where entity_id = ${id}`);
    return found;
  } finally {
    await adding`rollback`;
    adding.release();
  }
}
