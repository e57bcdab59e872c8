import postgres from "postgres";
import { CompanyChange } from "../supabase/functions/api/company/schema.ts";
import { Refusal } from "../local/refusal.ts";
import { columns } from "./columns.ts";

const NewWorkspace = CompanyChange.required().pick({ name: true, country: true, timezone: true });

const flagOf: Record<string, string> = { name: "--name", country: "--country", timezone: "--time-zone" };

/** Makes a workspace and gives its id. Throws a Refusal that names each flag that it cannot take. */
export async function createWorkspace(
  sql: postgres.Sql,
  given: { name: string; country: string | null; timezone: string },
): Promise<string> {
  const { data, error } = NewWorkspace.safeParse(given);
  if (!data) {
    throw new Refusal(
      error.issues.map(({ path: [field], message }) => `${flagOf[String(field)]} ${message}.`).join("\n"),
    );
  }
  try {
    const [{ id }] = await sql`
      insert into public.companies (name, country, timezone) values (${data.name}, ${data.country}, ${data.timezone})
      returning id
    `;
    return id;
  } catch (error) {
    // What PostgreSQL does not know, of what the runtime does: its list of time zones may be older.
    if (error instanceof postgres.PostgresError && error.code === "22023") {
      throw new Refusal(`--time-zone ${data.timezone} is unknown to this database.`);
    }
    throw error;
  }
}

/** Prints all workspaces, the newest first, with how many of their keys live. */
export async function listWorkspaces(sql: postgres.Sql): Promise<void> {
  const rows = await sql`
    select companies.*, (
      select count(*) from public.api_keys
      where company_id = companies.id and revoked_at is null and (expires_at is null or expires_at > now())
    ) as keys
    from public.companies
    order by created_at desc, id
  `;
  if (rows.length === 0) return console.error("There are no workspaces.");
  console.log(columns(
    ["ID", "NAME", "COUNTRY", "TIME ZONE", "KEYS", "CREATED"],
    rows.map(({ id, name, country, timezone, keys, created_at }) => [
      id,
      name,
      country ?? "",
      timezone,
      keys,
      created_at.toISOString().slice(0, 10),
    ]),
  ));
}
