import { headerText } from "./header_text.ts";
import { fillTokens, type TokenValues } from "./template.ts";

// A line shows 200 characters; the rest of a value would be built to be cut off.
const enough = 1_000;

/** A mail's subject, its tokens filled: one clean line, cut where it gets too long. */
export const subjectLine = (template: string, values: TokenValues): string =>
  headerText(fillTokens(template, values, (value) => value.slice(0, enough)));
