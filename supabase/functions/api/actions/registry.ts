import { z } from "zod";
import { ReferralStatus } from "../referrals/schema.ts";
import { Category, Email, Id, Label, longestCategory, Text } from "../contract/values.ts";
import { WebhookUrl } from "../webhooks/schema.ts";

type ActionTypeDefinition = {
  label: string;
  description: string;
  config: z.ZodObject;
};

/** Text that holds a `{{...}}` token, whose value the run puts there. */
const Templated = (max: number) => Text(max).regex(/\{\{[^{}]*\}\}/);

const templated = "Text with `{{...}}` tokens";

/** What an automation can do, each with what its `config` must be. */
export const actionTypes = {
  attribute_referral: {
    label: "Attribute a referral",
    description:
      "Writes the referral of the triggering opportunity, or changes the one that it wrote before. Alias: create_referral.",
    config: z.strictObject({
      referrer_contact_id: z.union([Id, Templated(200)], "must be a UUID or hold a {{token}}").nullish()
        .meta({ description: "The opportunity's primary contact, when absent" }),
      category: z.union(
        [Category, Templated(200)],
        `must be a label of 1 to ${longestCategory} characters or hold a {{token}}`,
      )
        .nullish().meta({ description: "Null takes the category off; absent leaves it" }),
      status: z.union(
        [ReferralStatus, Templated(200)],
        `must be one of ${ReferralStatus.options.join(", ")}, or hold a {{token}}`,
      ).nullish().meta({ description: "pending, when absent; an existing referral keeps its own" }),
      notes: Text(10_000).nullish().meta({ description: templated }),
    }).meta({ example: { referrer_contact_id: "{{contact.id}}", category: "MRI", notes: "From {{deal.name}}" } }),
  },
  send_email: {
    label: "Send an email",
    description: "Sends a mail in the workspace's name.",
    config: z.strictObject({
      to: z.union(
        [z.enum(["referrer", "contact"]), Email, Templated(320)],
        "must be referrer, contact or an email address, or hold a {{token}}",
      ).meta({ description: "The referrer, the contact or an address" }),
      subject: Label(200).meta({ description: templated }),
      body_html: Text(20_000).refine((html) => html.trim() !== "", "must not be empty")
        .meta({ minLength: 1, description: "HTML with `{{...}}` tokens; sanitised before it is mailed" }),
    }).meta({
      example: {
        to: "referrer",
        subject: "Thank you, {{referrer.first_name}}",
        body_html: "<p>{{contact.first_name}} is now a patient of {{company.name}}.</p>",
      },
    }),
  },
  call_webhook: {
    label: "Call a webhook",
    description:
      "Sends the event to an address as an ordinary signed delivery. Where no webhook subscription has this address, one " +
      "without events is made: rotate its secret to learn it.",
    config: z.strictObject({
      url: WebhookUrl.refine((url) => !url.includes("{{"), "must hold no {{token}}: the address is used as it is")
        .meta({ description: "https, and public" }),
    }).meta({ example: { url: "https://hooks.example.com/referrals" } }),
  },
} satisfies Record<string, ActionTypeDefinition>;

export type ActionType = keyof typeof actionTypes;
export const actionTypeNames = Object.keys(actionTypes) as [ActionType, ...ActionType[]];

// create_referral is TrustPager's other name.
const names = {
  attribute_referral: "attribute_referral",
  create_referral: "attribute_referral",
  send_email: "send_email",
  call_webhook: "call_webhook",
} as const satisfies Record<string, ActionType>;

/** An action type by its name or alias; null for any other text. */
export const actionTypeNamed = (name: string): ActionType | null =>
  Object.hasOwn(names, name) ? names[name as keyof typeof names] : null;

/** An action type as callers name it; its alias becomes its name. */
export const ActionTypeName = z.enum(Object.keys(names) as (keyof typeof names)[])
  .transform((name) => names[name])
  .meta({ description: "create_referral is another name of attribute_referral" });
