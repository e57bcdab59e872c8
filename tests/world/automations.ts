import { assertEquals } from "@std/assert";
import { eventually, type Json, type Person, sql } from "./world.ts";

/** An automation of the person's workspace with these actions in their order, enabled unless told otherwise. */
export async function automate(
  person: Person,
  { enabled = true, ...automation }: Json,
  ...actions: Json[]
): Promise<Json> {
  const { id } = await person.creates("/automations", { name: "Automation", ...automation });
  for (const action of actions) await person.creates(`/automations/${id}/actions`, action);
  return await person.changes(`/automations/${id}`, { enabled });
}

/** The run that comes of triggering an automation by hand. */
export async function trigger(person: Person, { id }: Json, trigger_data: Json): Promise<Json> {
  const { status, data, text } = await person.post(`/automations/${id}/trigger`, { trigger_data });
  assertEquals(status, 200, text);
  return data;
}

/** Waits until the workspace's events, runs and deliveries have all been worked off, those that follow from them too. */
export async function settled({ companyId }: Person, seconds = 20): Promise<void> {
  await eventually(async () => {
    const [{ busy }] = await sql`
      select exists (select from private.events where company_id = ${companyId} and fanned_out_at is null)
        or exists (select from automation_runs where company_id = ${companyId} and due_at is not null)
        or exists (select from webhook_deliveries where company_id = ${companyId} and attempt_count = 0) as busy
    `;
    return !busy;
  }, seconds);
}

/** The runs of an automation in the order of what they are about, once all is settled. */
export async function runsOf(person: Person, { id }: Json): Promise<Json[]> {
  await settled(person);
  const runs: Json[] = await person.gets(`/automations/${id}/runs?limit=100`);
  return runs.sort((one, other) => one.trigger_data.occurred_at < other.trigger_data.occurred_at ? -1 : 1);
}
