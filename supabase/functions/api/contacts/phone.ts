import type { Database } from "../data/database.ts";
import { ApiError } from "../contract/errors.ts";

const hasPrefix = (phone: string) => phone.startsWith("+");

/** The same contact with its phone as E.164; one without a prefix is read as dialled in the workspace's country. Throws 400. */
export async function normalizePhone<Contact extends { phone?: string | null }>(
  contact: Contact,
  database: Database,
): Promise<Contact> {
  const { phone } = contact;
  if (!phone) return contact;
  const country = hasPrefix(phone) ? null : (await database.ask((client) => client.rpc("calling_country"))).data;
  if (!country && !hasPrefix(phone)) await database.confirmScope();
  return { ...contact, phone: await toE164(phone, country) };
}

/** A phone number as E.164. Throws 400 for what is none, or lacks its prefix where there is no country to read it in. */
export async function toE164(phone: string, country: string | null): Promise<string> {
  const { isSupportedCountry, parsePhoneNumberFromString } = await import("libphonenumber-js/max");
  const number = parsePhoneNumberFromString(phone, {
    extract: false,
    ...(country && !hasPrefix(phone) && isSupportedCountry(country) && { defaultCountry: country }),
  });
  if (number?.isPossible()) return number.number;
  const message = country ? `is no phone number of ${country}` : "is no phone number with its country's prefix";
  throw new ApiError("VALIDATION_ERROR", `phone ${message}.`, {
    details: [{ path: "phone", message }],
    hint: "Accepted: E.164, such as +61412000101; without a prefix only when the workspace has a country.",
  });
}
