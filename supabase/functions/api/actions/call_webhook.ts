import { z } from "zod";
import { requirePublicAddress } from "../webhooks/address_check.ts";
import { WebhookUrl } from "../webhooks/schema.ts";
import { defineAction } from "./define_action.ts";

export const callWebhook = defineAction({
  label: "Call a webhook",
  description:
    "Sends the event to an address as an ordinary signed delivery. Where no webhook subscription has this address, one " +
    "without events is made: rotate its secret to learn it.",
  config: z.strictObject({
    url: WebhookUrl.refine((url) => !url.includes("{{"), "must hold no {{token}}: the address is used as it is")
      .meta({ description: "https, and public" }),
    method: z.literal("POST").optional().meta({ description: "How it is sent, always" }),
  }).meta({ example: { url: "https://hooks.example.com/referrals" } }),
  scopes: () => ["webhooks:write"],
  async settle(config, deployment) {
    await requirePublicAddress(config.url, "config.url", deployment);
    return config;
  },
  async run({ id }, { run_id }, _tokens, { database }) {
    await database.ask((client) => client.rpc("run_call_webhook", { run_id, action_id: id }));
    return null;
  },
});
