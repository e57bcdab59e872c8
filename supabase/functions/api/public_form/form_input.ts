import { completePhone } from "../contacts/phone.ts";
import { check, type Found } from "../http/input.ts";
import { type FieldName, fieldNames, type Problems, problemsOf } from "./problems.ts";
import { Submission } from "./schema.ts";

/** What somebody has typed so far. */
export type FormInput = Partial<Record<FieldName, string>>;

/** The form's fields as they were typed; of a field given twice the last one counts, as in JSON. */
export function readFormInput(body: string): FormInput {
  const given = new URLSearchParams(body);
  return Object.fromEntries(
    fieldNames.filter((name) => given.has(name)).map((
      name,
    ) => [name, given.getAll(name).at(-1)!.replaceAll("\r\n", "\n")]),
  );
}

/** The friend's details, or all that is wrong with them where the workspace is in `country`. An empty field is an absent one. */
export async function readSubmission(
  { consent, ...typed }: FormInput,
  country: string | null,
): Promise<{ friend: Submission | null; problems: Problems }> {
  const filled = Object.entries(typed).map(([name, text]) => [name, text.trim()]).filter(([, text]) => text !== "");
  const found: Found[] = [];
  const friend = check(Submission, { ...Object.fromEntries(filled), consent: consent === "true" || undefined }, found);
  // Bytes that are no UTF-8 have become this character, which nobody types.
  for (const [path, text] of filled) {
    if (text.includes("\ufffd")) found.push({ path, message: "holds characters that cannot be stored" });
  }
  const { values, problems = [] } = await completePhone(typed, () => Promise.resolve(country));
  found.push(...problems);
  return { friend: found.length === 0 && friend ? { ...friend, ...values } : null, problems: problemsOf(found) };
}
