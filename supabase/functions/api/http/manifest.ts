import type { Config } from "../platform/config.ts";

export const title = "Referrals";
export const version = "1.0.0";

/** What stands at the base URL, for whoever begins there: what this is, and where it is explained. */
export const manifest = ({ publicUrl }: Config, requestId: string) => ({
  data: {
    name: title,
    version,
    docs: `${publicUrl}/docs`,
    openapi: `${publicUrl}/openapi.json`,
    health: `${publicUrl}/health`,
  },
  meta: { request_id: requestId, credits_remaining: null },
});
