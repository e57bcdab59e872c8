import type { CountryCode, PhoneNumber } from "libphonenumber-js/max";
import type { Database } from "../data/database.ts";
import type { Completed } from "../http/endpoint.ts";

/** A phone as it is stored, E.164 with `;ext=` and its extension; or what would be one, where nobody has that number. */
export type ReadPhone = { phone: string } | { examples: string[] };

/** For a body's `complete`: its phone as E.164, read in the country of `countryOf` when it has no prefix. */
export async function completePhone(
  { phone }: Record<string, unknown>,
  countryOf: () => Promise<string | null>,
): Promise<Completed> {
  if (typeof phone !== "string" || phone.trim() === "" || phone.length > 100) return {};
  const read = await readPhone(phone, countryOf);
  if ("phone" in read) return { values: read };
  const message = `must be a phone number that exists, such as ${read.examples.join(" or ")}`;
  return { problems: [{ path: "phone", message, accepted: read.examples }] };
}

/** The country in which a workspace dials, for a key that may write its contacts. */
export async function callingCountry(database: Database): Promise<string | null> {
  const { data: country } = await database.ask((client) => client.rpc("calling_country"));
  if (!country) await database.confirmScope();
  return country;
}

/** Reads a number that exists, as people type and paste it. `countryOf` is asked only where its answer is needed. */
export async function readPhone(typed: string, countryOf: () => Promise<string | null>): Promise<ReadPhone> {
  const { isSupportedCountry, parsePhoneNumberFromString } = await import("libphonenumber-js/max");
  // `min` and `mobile` know no types, and take one in ten numbers that nobody can have.
  const existing = (text: string, country?: CountryCode) => {
    const number = parsePhoneNumberFromString(text, { extract: false, defaultCountry: country });
    return number?.isValid() ? number : undefined;
  };
  const text = withoutWrapping(typed);
  const known = existing(text);
  if (known) return { phone: written(known) };

  const named = await countryOf();
  const country = named !== null && isSupportedCountry(named) ? named : undefined;
  // 00 is what most of the world dials before a country's prefix, and what many write wherever they are.
  const number = existing(text, country) ?? (text.startsWith("00") ? existing(text.replace("00", "+")) : undefined);
  if (number) return { phone: written(number) };
  return { examples: await examplesOf(country) };
}

/** A number without what comes along when it is copied: marks of direction, a link's scheme, a label such as `Mobile:`. */
const withoutWrapping = (typed: string) =>
  typed.replace(/\p{Cf}/gu, "").trim().replace(/^[\p{L}\s.:]+(?=[+＋(\p{Nd}])/u, "");

const written = ({ number, ext }: PhoneNumber): string => ext ? `${number};ext=${ext}` : number;

/** A number as it is dialled in a country, and as it is dialled from elsewhere; without a country, the latter alone. */
async function examplesOf(country: CountryCode | undefined): Promise<string[]> {
  const [{ getExampleNumber }, { default: examples }] = await Promise.all([
    import("libphonenumber-js/max"),
    import("libphonenumber-js/mobile/examples"),
  ]);
  const number = getExampleNumber(country ?? "AU", examples)!;
  return [...country ? [number.formatNational()] : [], number.formatInternational()];
}
