import type { Database } from "../database.ts";
import { ApiError } from "../errors.ts";

/** The same contact with its phone as E.164; one without a prefix is read as dialled in the workspace's country. Throws 400. */
export async function normalizePhone<Contact extends { phone?: string | null }>(
  contact: Contact,
  database: Database,
): Promise<Contact> {
  if (!contact.phone) return contact;
  const { parsePhoneNumberFromString } = await import("libphonenumber-js/max");
  const country = contact.phone.trim().startsWith("+")
    ? null
    : (await database.ask((client) => client.rpc("calling_country"))).data;
  const number = parsePhoneNumberFromString(
    contact.phone,
    country ? { defaultCountry: country as "AU", extract: false } : { extract: false },
  );
  if (!number?.isPossible()) {
    const message = country ? `is no phone number of ${country}` : "is no phone number with its country's prefix";
    throw new ApiError("VALIDATION_ERROR", `phone ${message}.`, {
      details: [{ path: "phone", message }],
      hint: "Accepted: E.164, such as +61412000101; without a prefix only when the workspace has a country.",
    });
  }
  return { ...contact, phone: number.number };
}
