import { eventually } from "../../world/world.ts";
import { asked, owner, queryCell } from "./asked.ts";
import type { Cell } from "./cells.ts";
import type { Principal } from "./principals.ts";
import { superuser, withoutTriggers } from "./snapshot.ts";
import type { Workspace } from "./workspaces.ts";

const silenced = "set local session_replication_role = replica";
const heard = "set local session_replication_role = origin";

/** Predicates of functions that references and other functions stand before: each asked where nothing does. */
export function behindOthers(all: Principal[], mine: Workspace, theirs: Workspace): Cell[] {
  const [alice, bob] = [mine, theirs].map(({ person }) => person.companyId);
  const { deal_id, referrer_contact_id, contact_id } = mine.named.fields;
  const [referral] = mine.rows["public.referrals"];
  const [theirContact] = theirs.rows["public.crm_contacts"];
  const lacking = all.filter(({ claims, standing, lacks }) =>
    standing === "dead" || lacks === "referrals:write" && claims !== undefined
  );

  return [
    queryCell(owner, "a referral of bob's that names alice's opportunity", ["private.refresh_primary_referrers"], [
      "200 []",
    ], () =>
      asked(null, null, async (tx) => {
        await tx.unsafe(silenced);
        await tx`update referrals set referred_deal_id = ${deal_id}, created_at = now() where company_id = ${bob}`;
        await tx.unsafe(heard);
        await tx`select private.refresh_primary_referrers(array[${deal_id}]::uuid[])`;
        return await tx`
          select to_jsonb(crm_deals) as given from crm_deals
          where id = ${deal_id} and primary_referrer_contact_id is distinct from ${referrer_contact_id}`;
      })),

    queryCell(
      owner,
      "a count of bob's for alice's contact",
      ["private.add_referrer_count", "private.add_referrer_counts"],
      ["200 []"],
      () =>
        asked(null, null, async (tx) => {
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

    queryCell(
      owner,
      "an opportunity of alice's for bob's contact",
      ["private.open_referred_deal"],
      ["400 23502"],
      () => asked(null, null, (tx) => tx`select private.open_referred_deal(${alice}, ${theirContact.id}) as given`),
    ),

    queryCell(
      owner,
      "an opportunity without a referral pipeline",
      ["private.open_referred_deal"],
      ["200 …"],
      () =>
        asked(null, null, async (tx) => {
          await tx`update company_settings set referral_pipeline_id = null, referral_stage_id = null where company_id = ${alice}`;
          return await tx`select private.open_referred_deal(${alice}, ${contact_id}) as given`;
        }),
    ),

    queryCell(owner, "an opportunity in the pipeline of alice's choice, not of bob's", ["private.open_referred_deal"], [
      "200 …",
    ], () =>
      asked(null, null, async (tx) => {
        await tx`update company_settings set referral_pipeline_id = null, referral_stage_id = null where company_id = ${bob}`;
        await tx`insert into crm_pipelines (id, company_id, name, created_at) values (${deal_id}, ${alice}, 'Older', '2000-01-01')`;
        await tx`insert into crm_pipeline_stages (company_id, pipeline_id, name) values (${alice}, ${deal_id}, 'First')`;
        const [{ deal }] = await tx`select private.open_referred_deal(${alice}, ${contact_id}) as deal`;
        return await tx`
          select to_jsonb(deal_id) as given from crm_deal_placements where deal_id = ${deal} and pipeline_id <> ${deal_id}`;
      })),

    ...lacking.map((who) =>
      queryCell(
        who,
        "the outcome of a mail that is under way",
        ["private.record_thank_you"],
        [who.standing === "dead" ? "400 UNAUTHORIZED" : "400 INSUFFICIENT_SCOPE"],
        () =>
          asked(
            "api_key",
            who.claims,
            (tx) => tx`select public.record_thank_you(${referral.id}, 1) as given`,
            (tx) => tx`update private.thank_yous set sent = null where referral_id = ${referral.id}`,
          ),
      )
    ),

    // Read in the order of the workspaces' ids: a lookup in both would take the wrong one of them in one of the two cells.
    ...[["bob's friend", alice, theirContact], ["alice's friend", bob, mine.rows["public.crm_contacts"][0]]].map((
      [whom, workspace, { email }],
    ) =>
      queryCell(owner, `${whom}, whom somebody adds to the other's contacts at this moment`, ["private.contact_for"], [
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
    const answer = asked(null, null, async (tx) => {
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
