import { z } from "zod";
import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import { ApiError, isErrorCode } from "../contract/errors.ts";
import { PrintedInstant } from "../data/rows.ts";
import { addressGroup } from "./address_group.ts";
import { countTry } from "./rate_limit.ts";
import { signedAddress } from "./signed_address.ts";
import { ReferralForm, type Submission, type Submitted } from "./schema.ts";

/** What `private.referral_form` gives. */
const Form = ReferralForm.extend({
  country: z.string().nullable(),
  withdrawn: z.boolean(),
  expires_at: PrintedInstant,
});
export type Form = z.output<typeof Form>;

const Refused = z.object({
  code: z.string(),
  message: z.string(),
  path: z.string().nullish(),
  retry_after: z.number().nullish(),
});

/** What `private.submit_referral` gives. */
const Submitting = z.union([
  z.object({ refused: Refused }),
  z.object({ submitted_at: PrintedInstant, already_referred: z.boolean() }),
]);

const unknownLink = () => new ApiError("NOT_FOUND", "There is no such link.");

/** What the form of a token shows; throws 404. Changes nothing. */
export async function readForm(database: Database, token: string): Promise<Form> {
  const form = await database.value(Form.nullable(), (client) => client.rpc("referral_form", { token }));
  if (form === null) throw unknownLink();
  return form;
}

/** Stamps that a person saw the form, once; throws 404. */
export async function stampViewed(database: Database, token: string): Promise<void> {
  const { data: known } = await database.ask((client) => client.rpc("view_referral_request", { token }));
  if (!known) throw unknownLink();
}

/** Hands a friend's details in, the phone as E.164, once per token; throws 404, 409 and 410, and only then 429. */
export async function submit(
  database: Database,
  token: string,
  friend: Submission,
  from: string,
  config: Config,
): Promise<Submitted> {
  const address = await addressGroup(from);
  const wait = countTry(address, config);
  if (wait > 0) {
    await readOpenForm(database, token);
    throw new ApiError("RATE_LIMITED", "Too many forms were sent from here.", {
      headers: { "Retry-After": String(wait) },
    });
  }
  const headers = await signedAddress(address, config);
  const result = await database.value(Submitting, (client) => {
    const submitting = client.rpc("submit_referral", {
      token,
      first_name: friend.first_name,
      last_name: friend.last_name ?? undefined,
      email: friend.email ?? undefined,
      phone: friend.phone ?? undefined,
      category: friend.category ?? undefined,
      message: friend.message ?? undefined,
      consent: friend.consent,
    });
    for (const [name, value] of Object.entries(headers)) submitting.setHeader(name, value);
    return submitting;
  });
  if ("refused" in result) throw refusal(result.refused);
  return { status: "submitted", ...result };
}

/** What the form of a token shows while it takes something; throws 404, 409 and 410. */
export async function readOpenForm(database: Database, token: string): Promise<Form> {
  const form = await readForm(database, token);
  if (form.status === "submitted") throw new ApiError("CONFLICT", "This form has been submitted already.");
  if (form.status === "expired") throw new ApiError("EXPIRED", "This link is no longer valid.");
  return form;
}

function refusal({ code, message, path, retry_after }: z.output<typeof Refused>): ApiError {
  return new ApiError(isErrorCode(code) ? code : "INTERNAL_ERROR", message, {
    details: path ? [{ path, message }] : undefined,
    headers: retry_after ? { "Retry-After": String(retry_after) } : undefined,
  });
}
