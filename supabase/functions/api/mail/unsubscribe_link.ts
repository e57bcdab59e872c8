import type { Config } from "../platform/config.ts";

/** Where the reader of a mail unsubscribes. */
export const unsubscribeUrl = (config: Pick<Config, "publicUrl">, token: string): string =>
  `${config.publicUrl}/public/unsubscribe/${token}`;

/** What has a mail client show a button of its own for it (RFC 8058). */
export const unsubscribeHeaders = (url: string): Record<string, string> => ({
  "List-Unsubscribe": `<${url}>`,
  "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
});
