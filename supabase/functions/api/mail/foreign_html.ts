import { ApiError } from "../contract/errors.ts";
import { mostFilledHtml } from "../contract/limits.ts";
import { sanitize } from "./sanitize.ts";
import { bytes, escapeHtml, filledSize, replaceTokens, type TokenValues, valueOf } from "./template.ts";

/** Throws 400 for HTML that its tokens' values would make too large; builds nothing. */
export function requireFilledHtml(template: string, values: TokenValues): void {
  if (filledSize(template, values, bytes, (value) => bytes(escapeHtml(value))) > mostFilledHtml) {
    throw new ApiError(
      "VALIDATION_ERROR",
      `The mail's HTML comes to more than ${mostFilledHtml / 1_000} kB once its tokens are filled.`,
    );
  }
}

/**
 * Foreign HTML as a mail may carry it, its tokens filled. The template is sanitised with marks for its tokens, so a value is
 * text wherever it lands, and an address is judged as it will be. Throws 400 as `requireFilledHtml` does.
 */
export async function foreignHtml(template: string, values: TokenValues, own: string[] = []): Promise<string> {
  requireFilledHtml(template, values);
  // Letters and digits, which HTML leaves alone, and nobody can guess: a template or a value cannot hold one.
  const mark = `t${crypto.randomUUID().replaceAll("-", "")}`;
  const names: string[] = [];
  const marked = replaceTokens(template, (name) => `${mark}n${names.push(name) - 1}e`);
  const marks = new RegExp(`${mark}n(\\d+)e`, "g");
  return await sanitize(
    marked,
    own,
    (text, escape) => text.replace(marks, (_, at: string) => escape(valueOf(values, names[Number(at)]))),
  );
}
