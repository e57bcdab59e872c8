import { assertEquals } from "@std/assert";
import { Webhook } from "standardwebhooks";
import { signatureHeaders } from "../../supabase/functions/api/webhooks/signing.ts";
import { type Json, world } from "../world/world.ts";

const own = "a-secret-of-alices-own-program";
const events = ["referral_attributed"];

Deno.test("alice subscribes with a secret of her own by TrustPager's path, and a delivery is signed with it", async () => {
  const { alice } = await world();

  const made = await alice.creates("/webhooks/subscribe", { url: "http://127.0.0.1:9/own", events, secret: own });
  const rotated = await alice.post(`/webhooks/subscriptions/${made.id}/rotate-secret`, { secret: `${own}-2` });
  const anew = await alice.post(`/webhooks/subscriptions/${made.id}/rotate-secret`);

  assertEquals([made.secret, rotated.data.secret, anew.data.secret.slice(0, 6)], [own, `${own}-2`, "whsec_"]);
  assertEquals((await alice.gets("/webhooks/outgoing")).map((it: Json) => it.id), [made.id]);
  const headers = signatureHeaders(crypto.randomUUID(), "{}", [anew.data.secret, own], new Date());
  new Webhook(own, { format: "raw" }).verify("{}", headers);
  new Webhook(anew.data.secret).verify("{}", headers);
});

Deno.test("a secret that is too short, has spaces, or is no base64 behind whsec_ is refused, and nobody is subscribed", async () => {
  const { alice } = await world();
  for (
    const secret of [
      "my-secret",
      "x".repeat(23),
      "x".repeat(201),
      "a secret with some spaces",
      `whsec_${"!".repeat(24)}`,
    ]
  ) {
    const reply = await alice.post("/webhooks/subscriptions", { url: "http://127.0.0.1:9/own", events, secret });
    assertEquals([reply.status, reply.error.details.fields[0].path], [400, "secret"], secret);
  }
  assertEquals(await alice.gets("/webhooks/subscriptions"), []);
});
