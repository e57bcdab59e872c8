// Embeddings, overrides and isolates can make a line read other than it is written; plain direction marks stay.
const overrides = /[\u202a-\u202e\u2066-\u2069]/g;
const breaks = /[\s\p{Cc}]+/gu;

/** One clean line for a subject, or for the name in an address: no control characters, at most `max` characters. */
export function headerText(text: string, max = 200): string {
  const line = [...text.replace(overrides, "").replace(breaks, " ").trim()];
  return line.length <= max ? line.join("") : line.slice(0, max - 1).join("").trimEnd() + "…";
}
