import { folded } from "../contract/folding.ts";
import type { Narrowing } from "./selections.ts";
import { Text } from "../contract/values.ts";

/** What people type to find something: any words of it, in any order, with or without accents; or a phone number. */
export const Search = Text(200).refine((text) => text.trim() !== "", "must not be empty").meta({
  description: "Words of it in any order and case, with or without accents, or a phone number as it is dialled",
});

/** More words than people type are one. */
const mostWords = 8;

/** The rows whose `search_text` holds every word of what was typed, or the phone number that it is. */
export const searched = (text: string): Narrowing => ({
  apply: (query) =>
    patterns(text).reduce((narrowed, pattern) => narrowed.filter("search_text", "imatch", pattern), query),
});

function patterns(text: string): string[] {
  const phone = phonePattern(text);
  if (phone) return [phone];
  const words = (folded(text).trim() || text.trim()).split(/,?\s+/);
  return [...new Set([...words.slice(0, mostWords - 1), words.slice(mostWords - 1).join(" ")])]
    .filter((word) => word !== "").map(literally);
}

// A phone is stored with its country's prefix, and typed with what is dialled instead of it: 0 nearly everywhere, 8 in
// Russia and Kazakhstan, 06 in Hungary.
function phonePattern(text: string): string | null {
  if (!/^[\s\p{Cf}]*\+?[\s\p{Cf}\d()./‐‑–-]+$/u.test(text)) return null;
  const digits = text.replace(/\D/g, "");
  if (digits.length < 3) return null;
  const dialled = [digits, digits.replace(/^0+/, ""), digits.replace(/^06(?=\d{8})|^8(?=\d{10}$)/, "")];
  const trunk = /^\s*\+?\d+\s*\(0\)/.test(text) ? [text.replace("(0)", "").replace(/\D/g, "")] : [];
  const ways = new Set([literally(folded(text).trim()), ...dialled, ...trunk].filter((way) => way.length >= 3));
  return `(${[...ways].join("|")})`;
}

/** A regular expression that matches just `text`: unlike `ilike`, whose `*` PostgREST takes for a wildcard, it can quote all. */
const literally = (text: string) => text.replace(/[^\p{L}\p{N} ]/gu, "\\$&");
