import { Webhook } from "standardwebhooks";

// Receives webhooks and believes the signed ones only. Elsewhere, import it as npm:standardwebhooks.
//
//   WEBHOOK_SECRET=whsec_… PORT=9000 deno run --allow-net --allow-env examples/verify_webhook.ts

const secret = Deno.env.get("WEBHOOK_SECRET");
if (!secret) throw new Error("WEBHOOK_SECRET is missing: it is in the answer that made the subscription.");
const webhook = new Webhook(secret);

// Here in memory; keep it where it outlives a restart, beside what you do with the event.
const done = new Set<string>();

const options = { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 9000), onListen };
Deno.serve(options, async (request) => {
  // As it came: parsed and printed again, the body has another signature.
  const body = await request.text();
  try {
    webhook.verify(body, Object.fromEntries(request.headers));
  } catch {
    return new Response("The signature is wrong, or older than five minutes.\n", { status: 401 });
  }
  const id = request.headers.get("webhook-id")!;
  if (!done.has(id)) {
    const { type, data } = JSON.parse(body);
    console.log(`${id} ${type} ${JSON.stringify(data)}`);
    done.add(id);
  }
  return new Response(null, { status: 204 });
});

function onListen({ port }: { port: number }) {
  console.log(`Listening on http://127.0.0.1:${port}/`);
}
