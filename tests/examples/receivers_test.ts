import { assertEquals, assertMatch } from "@std/assert";
import { signatureHeaders } from "../../supabase/functions/api/webhooks/signing.ts";
import { tried } from "../world/deliveries.ts";
import { type Received, subscribe } from "../world/listener.ts";
import { chain, eventually, workspace } from "../world/world.ts";
import { example, reserved, startExample } from "./example.ts";

const receivers: [string, string[]][] = [
  ["verify_webhook.ts", [Deno.execPath(), "run", "--allow-net", "--allow-env", example("verify_webhook.ts")]],
  ["verify_webhook.py", ["python3", example("verify_webhook.py")]],
];

const hasPython = await new Deno.Command("python3", { args: ["--version"], stdout: "null", stderr: "null" }).output()
  .then(({ success }) => success, () => false);

for (const [name, command] of receivers) {
  const ignore = name.endsWith(".py") && !hasPython && !Deno.env.get("CI");
  Deno.test(`${name} takes a genuine delivery once, and none that was altered, is old or has another's secret`, {
    ignore,
  }, async () => {
    const clinic = await workspace("Harbour Health");
    const port = reserved();
    const url = `http://127.0.0.1:${port}/`;
    const subscription = await subscribe(clinic, url);
    await using receiver = startExample(command, {
      WEBHOOK_SECRET: subscription.secret,
      PORT: String(port),
    });
    await eventually(() => Promise.resolve(receiver.lines.includes(`Listening on ${url}`)));

    const { referral } = await chain(clinic);

    const [delivery] = await tried(clinic, subscription);
    assertEquals([delivery.status, delivery.response_status], ["delivered", 204]);
    const told = () => receiver.lines.filter((line) => line.includes("referral_attributed"));
    assertEquals(told().length, 1, receiver.lines.join("\n"));
    assertMatch(told()[0], new RegExp(`^${delivery.event_id} referral_attributed .*${referral.id}`));

    const text = JSON.stringify({ type: "referral_attributed", timestamp: new Date(), data: { notes: "Zoë" } });
    const another = await subscribe(clinic, `${url}another`, ["stage_changed"]);
    const now = new Date();
    const signed = (secrets: string[], at = now) => signatureHeaders(crypto.randomUUID(), text, secrets, at);
    const genuine = signed([another.secret, subscription.secret]);
    const post = async (sent: Pick<Received, "text" | "headers">) => {
      const response = await fetch(url, { method: "POST", headers: sent.headers, body: sent.text });
      await response.body?.cancel();
      return response.status;
    };

    assertEquals(
      [
        await post({ text: text.replace("Zoë", "Zoe"), headers: genuine }),
        await post({ text, headers: { ...genuine, "webhook-id": crypto.randomUUID() } }),
        await post({ text, headers: signed([another.secret]) }),
        await post({ text, headers: signed([subscription.secret], new Date(now.getTime() - 600_000)) }),
        await post({ text, headers: { ...genuine, "webhook-signature": "v1,é" } }),
        await post({ text, headers: {} }),
      ],
      [401, 401, 401, 401, 401, 401],
    );
    assertEquals(told().length, 1, "what was refused is not told");
    assertEquals([await post({ text, headers: genuine }), await post({ text, headers: genuine })], [204, 204]);
    await eventually(() => Promise.resolve(told().length > 1));
    assertEquals(told().length, 2, "what comes twice is told once");
  });
}
