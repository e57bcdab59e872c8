import { ApiError } from "../contract/errors.ts";
import type { Completed } from "../http/endpoint.ts";
import { longest, mostOfToken } from "../contract/limits.ts";
import { sanitize } from "./sanitize.ts";
import { bytes, tokensIn } from "./template.ts";

/** Gmail shows the first 102 kB of a mail's HTML: beyond are the button, and the way to unsubscribe. */
const mostShown = 102_000;
/** What a mail has beside the workspace's own words: its frame, our words, the longest names and addresses. */
const frame = 14_000;

const tooMuch = `comes to more than Gmail shows of a mail, ${mostShown / 1_000} kB in all`;

/** Throws 400 for a mail whose end Gmail would not show. */
export function requireUnclipped(html: string): string {
  if (bytes(html) > mostShown) throw new ApiError("VALIDATION_ERROR", `This mail ${tooMuch}.`);
  return html;
}

/** For a body's `complete`: whether a mail with these fields is shown whole to whoever it goes to. */
export async function judgeClipping(sent: Record<string, unknown>, fields: string[]): Promise<Completed> {
  let size = frame;
  const given: string[] = [];
  for (const field of fields) {
    const html = sent[field];
    if (typeof html !== "string" || html.length > 2 * longest.mailHtml) continue;
    given.push(field);
    size += bytes(await sanitize(html)) + mostOfToken * tokensIn(html).length;
  }
  return size <= mostShown ? {} : { problems: given.map((path) => ({ path, message: tooMuch })) };
}
