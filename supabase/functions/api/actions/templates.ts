import { Text } from "../contract/values.ts";
import { ApiError } from "../contract/errors.ts";
import { characters, filledSize, fillTokens, tokensIn, type TokenValues } from "../mail/template.ts";

/** Text that holds a `{{...}}` token, whose value the run puts there. */
export const Templated = (max: number) => Text(max).regex(/\{\{[^{}]*\}\}/);

/** How schemas describe a field with tokens. */
export const withTokens = "Text with `{{...}}` tokens";

/**
 * The template of a field with its tokens' values as they are, without white space around it. Throws 400 for one that comes to
 * more than `max` characters; that is never built.
 */
export function filled(field: string, template: string, tokens: TokenValues, max: number): string {
  const trimmed = template.trim();
  if (filledSize(trimmed, tokens, characters) > max) {
    throw new ApiError("VALIDATION_ERROR", `${field} comes to more than ${max} characters.`);
  }
  return fillTokens(trimmed, tokens, (value) => value).trim();
}

/** Throws 400 for a field of a config that names what a run has no value for. */
export function refuseUnknownTokens(config: Record<string, unknown>, tokens: TokenValues): void {
  for (const [field, template] of Object.entries(config)) {
    const named = typeof template === "string" ? tokensIn(template) : [];
    const unknown = named.find((name) => !Object.hasOwn(tokens, name));
    if (unknown !== undefined) {
      throw new ApiError("VALIDATION_ERROR", `${field} names {{${unknown}}}, which this trigger does not have.`);
    }
  }
}
