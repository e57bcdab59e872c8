import { type Rows as Named, rowsOf } from "../../world/every_endpoint.ts";
import { eventually, type Person, sql, workspace } from "../../world/world.ts";
import { exposed } from "./catalogue.ts";
import { complete, mark } from "./rows.ts";
import { type Rows, rowsIn, withoutTriggers } from "./snapshot.ts";

/** A workspace with a row of each kind: by the names that paths and fields have for them, and by table. */
export type Workspace = { person: Person; named: Named; rows: Rows; values: Values };

/** The tokens of links of alice's: of a form, and to be asked no more. */
export const [formToken, stopToken] = [`form-${crypto.randomUUID()}`, `stop-${crypto.randomUUID()}`];

/** A category of alice's workspace alone. */
export const ownLabel = `label-${crypto.randomUUID()}`;

/** Texts that are of one workspace alone. */
export type Values = { ids: Set<string>; words: string[] };

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Alice's workspace, and Bob's, whose rows are both older and younger than hers and carry words of their own. */
export async function workspaces(): Promise<{ mine: Workspace; theirs: Workspace }> {
  const bob = await workspace("Bob's brokers");
  const bobs = await rowsOf(bob);
  const alice = await workspace("Alice's clinic");
  const alices = await rowsOf(alice);
  await rowsOf(bob);
  for (const [person, { paths }] of [[bob, bobs], [alice, alices]] as const) {
    await person.changes(`/referrals/${paths["/referrals"]}`, { status: "converted" });
  }
  await complete(alice.companyId, { withHidden: false });
  await complete(bob.companyId, { withHidden: true });
  const words = await mark(bob.companyId);
  await sql`
    update private.request_links set token_hash = private.token_hash(${formToken})
    where request_id = ${alices.paths["/referrals/requests"]}
  `;
  await sql`
    update private.unsubscribe_links set token_hash = private.token_hash(${stopToken}) where token_hash = (
      select token_hash from private.unsubscribe_links where company_id = ${alice.companyId} limit 1
    )
  `;
  await entangle(alice, bob);
  // What lapses has lapsed before anybody looks, and what was written has been told of.
  await sql`select private.write_expired_requests()`;
  await eventually(async () =>
    (await sql`
      select from private.events where fanned_out_at is null and company_id in (${alice.companyId}, ${bob.companyId})
    `).length === 0
  );
  const theirs = await described(bob, bobs, words);
  const mine = await described(alice, alices, [ownLabel]);
  return { mine, theirs: { ...theirs, values: without(theirs.values, mine.values) } };
}

/** What only a row that another workspace has too would bring to light. */
async function entangle(alice: Person, bob: Person): Promise<void> {
  await sql`
    update company_settings set referral_categories = ${["MRI", "Physiotherapy", ownLabel]}
    where company_id = ${alice.companyId}
  `;
  await withoutTriggers(async (tx) => {
    // Long enough ago that a use now would show.
    await tx`update api_keys set last_used_at = '2020-01-01' where company_id in (${alice.companyId}, ${bob.companyId})`;
    await tx`update referrals set category = ${ownLabel} where company_id = ${alice.companyId}`;
    // Alice's friend has asked bob, and not her, to be asked no more.
    await tx`
      insert into private.unsubscribed (company_id, email)
      select ${bob.companyId}, lower(email) from crm_contacts where company_id = ${alice.companyId} and email is not null
    `;
    await tx`
      insert into private.thank_yous (referral_id, claimed_at)
      select id, '2020-01-01' from referrals where company_id = ${alice.companyId}
    `;
  });
}

async function described(person: Person, named: Named, words: string[]): Promise<Workspace> {
  const rows = await rowsIn(person.companyId);
  for (const { full } of exposed) {
    if (rows[full].length === 0) {
      throw new Error(`${full} shows no row of ${person.companyId}: let rowsOf in every_endpoint.ts make one.`);
    }
  }
  const values = valuesIn(rows);
  return { person, named, rows, values: { ...values, words: [...new Set([...words, ...values.words])] } };
}

/** The ids and emails in rows: as good as nobody else has them. */
export function valuesIn(rows: unknown): Values {
  const text = JSON.stringify(rows);
  return { ids: new Set(text.match(uuid)), words: [...new Set(text.match(/[\w-]+@example\.com/g))] };
}

/** Those values that are not among others. */
export const without = (some: Values, others: Values): Values => ({
  ids: some.ids.difference(others.ids),
  words: some.words.filter((word) => !others.words.includes(word)),
});

/** Which of the values are in a text. */
export function seen(text: string, { ids, words }: Values): string[] {
  const plain = text.toLowerCase();
  const found = new Set(plain.match(uuid) ?? []);
  return [...[...found].filter((id) => ids.has(id)), ...words.filter((word) => plain.includes(word.toLowerCase()))];
}
