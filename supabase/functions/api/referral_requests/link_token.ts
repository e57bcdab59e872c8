import { encodeBase64Url } from "hono/utils/encode";

/** A new secret for a link: 32 random bytes as base64url. The database keeps its SHA-256 only. */
export const newToken = (): string =>
  encodeBase64Url(crypto.getRandomValues(new Uint8Array(32)).buffer).replaceAll("=", "");
