import { assertEquals, assertMatch } from "@std/assert";
import { Webhook } from "standardwebhooks";
import { signatureHeaders } from "../../supabase/functions/api/webhooks/signing.ts";

const body = JSON.stringify({ type: "referral_attributed", data: { name: "Zoë 🦘", notes: 'a "quoted" line\n' } });
const id = "0b9f3c4e-5a1d-4a55-9a68-8b1f2f0c7d11";

function newSecret(bytes = crypto.getRandomValues(new Uint8Array(32))): string {
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

function isAccepted(secret: string, text: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(text, headers);
    return true;
  } catch {
    return false;
  }
}

Deno.test("a receiver verifies a webhook with the official library and its secret", () => {
  const secret = newSecret();
  const at = new Date();
  const headers = signatureHeaders(id, body, [secret], at);

  assertEquals(new Webhook(secret).verify(body, headers), JSON.parse(body));
  assertEquals([headers["webhook-id"], headers["webhook-timestamp"]], [id, String(Math.floor(at.getTime() / 1_000))]);
  assertEquals(Object.keys(headers).sort(), ["webhook-id", "webhook-signature", "webhook-timestamp"]);
  assertEquals(isAccepted(newSecret(), body, headers), false);
});

Deno.test("the signature is the specification's: HMAC-SHA256 of id, timestamp and body", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const at = new Date("2026-11-22T09:30:00.999Z");
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const content = new TextEncoder().encode(`${id}.1795339800.${body}`);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, content));

  assertEquals(signatureHeaders(id, body, [newSecret(bytes)], at), {
    "webhook-id": id,
    "webhook-timestamp": "1795339800",
    "webhook-signature": `v1,${btoa(String.fromCharCode(...signature))}`,
  });
});

Deno.test("while a secret is rotated, receivers with the old one and with the new one both verify", () => {
  const [older, newer, stranger] = [newSecret(), newSecret(), newSecret()];
  const during = signatureHeaders(id, body, [newer, older], new Date());
  const after = signatureHeaders(id, body, [newer], new Date());

  assertMatch(during["webhook-signature"], /^v1,\S{44} v1,\S{44}$/);
  assertEquals([newer, older, stranger].map((secret) => isAccepted(secret, body, during)), [true, true, false]);
  assertEquals([newer, older, stranger].map((secret) => isAccepted(secret, body, after)), [true, false, false]);
});

Deno.test("a webhook that is ten minutes old, or of a clock ten minutes ahead, is refused", () => {
  const secret = newSecret();
  const signedAt = (minutes: number) => signatureHeaders(id, body, [secret], new Date(Date.now() + minutes * 60_000));

  const accepted = [-10, -4, 0, 4, 10].map((minutes) => isAccepted(secret, body, signedAt(minutes)));

  assertEquals(accepted, [false, true, true, true, false]);
});

Deno.test("1,000 webhooks with a single change anywhere are refused", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const any = (limit: number) => Math.floor(Math.random() * limit);
  const altered = (text: string, characters = alphabet) => {
    const at = any(text.length);
    const others = [...characters].filter((character) => character !== text[at]);
    return text.slice(0, at) + others[any(others.length)] + text.slice(at + 1);
  };
  const secretBytes = crypto.getRandomValues(new Uint8Array(32));
  const secret = newSecret(secretBytes);
  const headers = signatureHeaders(id, body, [secret], new Date());
  const signature = headers["webhook-signature"].slice("v1,".length);
  const changes = [
    () => isAccepted(secret, body, { ...headers, "webhook-id": altered(id) }),
    () =>
      isAccepted(secret, body, {
        ...headers,
        "webhook-timestamp": altered(headers["webhook-timestamp"], "0123456789"),
      }),
    () => isAccepted(secret, altered(body), headers),
    () => isAccepted(secret, body, { ...headers, "webhook-signature": `v1,${altered(signature)}` }),
    () => {
      const place = any(32);
      const other = secretBytes.map((byte, at) => at === place ? byte ^ (1 << any(8)) : byte);
      return isAccepted(newSecret(other), body, headers);
    },
  ];

  assertEquals(isAccepted(secret, body, headers), true);
  for (let round = 0; round < 1_000; round++) {
    assertEquals(changes[round % changes.length](), false, `change ${round % changes.length}`);
  }
});
