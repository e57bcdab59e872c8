import postgres from "postgres";
import { type Person, stack } from "./world.ts";

/**
 * A connection to the database in the role and with the claims that the data API would give a key of the person's workspace
 * that holds `scopes`; it ends with `opened`.
 */
export async function connect(
  person: Person,
  scopes: string[],
  opened: AsyncDisposableStack,
): Promise<postgres.Sql> {
  const { keyId, companyId } = await person.holding(...scopes);
  const url = new URL(stack.databaseUrl);
  url.username = "authenticator";
  const own = postgres(url.href, { max: 1, onnotice: () => {} });
  opened.defer(() => own.end());
  const claims = JSON.stringify({ role: "api_key", sub: keyId, company_id: companyId, scopes });
  await own`select set_config('request.jwt.claims', ${claims}, false), set_config('role', 'api_key', false)`;
  return own;
}
