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
  apply: (query) => query.filter("search_text", "imatch", phonePattern(text) ?? wordsPattern(text)),
});

// One regular expression: of two filters on one column the embedded data API heeds the last.
function wordsPattern(text: string): string {
  const given = (folded(text).trim() || text.trim()).split(/,?\s+/).filter((word) => word !== "");
  const words = [...given.slice(0, mostWords - 1), given.slice(mostWords - 1).join(" ")].filter((word) => word !== "");
  return words.length === 1 ? literally(words[0]) : `^${words.map((word) => `(?=.*${literally(word)})`).join("")}`;
}

// What is dialled before a number, and is no part of it as it is stored: from abroad 00, 0011 in Australia, 011 in North
// America, 010 in Japan; at home 0 nearly everywhere, 8 in Russia, 06 in Hungary.
const dialledBefore = [/^0+/, /^0011/, /^01[01]/, /^06(?=\d{8})/, /^8(?=\d{10}$)/];

function phonePattern(text: string): string | null {
  const dialled = text.normalize("NFKC").replace(/[\p{Cf}\s]/gu, "");
  if (!/^\+?[\d()./‐‑–−-]+$/.test(dialled)) return null;
  const digits = dialled.replace(/^(\+?\d+)\(0\)/, "$1").replace(/\D/g, "");
  const ways = [digits, ...dialledBefore.map((prefix) => digits.replace(prefix, ""))].filter((way) => way.length >= 3);
  return ways.length > 0 ? `(${[...new Set([literally(folded(text).trim()), ...ways])].join("|")})` : null;
}

/** A regular expression that matches just `text`: unlike `ilike`, whose `*` PostgREST takes for a wildcard, it can quote all. */
const literally = (text: string) => text.replace(/[^\p{L}\p{N} ]/gu, "\\$&");
