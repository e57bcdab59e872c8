import { z } from "zod";
import { ApiError } from "../contract/errors.ts";
import { longest } from "../contract/limits.ts";
import { Category, Id, Text } from "../contract/values.ts";
import type { TokenValues } from "../mail/template.ts";
import { ReferralStatus } from "../referrals/schema.ts";
import { defineAction } from "./define_action.ts";
import { filled, Templated, withTokens } from "./templates.ts";

const statuses = ReferralStatus.options.join(", ");
const mostFilled: Record<string, number> = { ...longest, referrer_contact_id: 200, status: 200 };

const Config = z.strictObject({
  referrer_contact_id: z.union([Id, Templated(200)], "must be a UUID or hold a {{token}}").nullish()
    .meta({ description: "The opportunity's primary contact, when absent" }),
  category: z.union(
    [Category, Templated(200)],
    `must be a label of 1 to ${longest.category} characters or hold a {{token}}`,
  ).nullish().meta({ description: "Null takes the category off; absent leaves it" }),
  status: z.union([ReferralStatus, Templated(200)], `must be one of ${statuses}, or hold a {{token}}`).nullish()
    .meta({ description: "pending, when absent; an existing referral keeps its own" }),
  notes: Text(longest.notes).nullish().meta({ description: withTokens }),
}).meta({ example: { referrer_contact_id: "{{contact.id}}", category: "MRI", notes: "From {{deal.name}}" } });

export const attributeReferral = defineAction({
  label: "Attribute a referral",
  description: "Writes the referral of the triggering opportunity, or changes the one that it wrote before.",
  // TrustPager's name.
  aliases: ["create_referral"],
  config: Config,
  scopes: () => ["referrals:write"],
  async run({ id, config }, { run_id }, tokens, { database }) {
    const request = requested(config, tokens);
    await database.ask((client) => client.rpc("run_attribute_referral", { run_id, action_id: id, request }));
    return null;
  },
});

/** The fields to set, each filled; throws 400 for what comes of a token and fits no referral. */
function requested(config: z.output<typeof Config>, tokens: TokenValues): Record<string, string | null> {
  const request: Record<string, string | null> = Object.fromEntries(
    Object.entries(config).map(([field, template]) => [
      field,
      template ? filled(field, template, tokens, mostFilled[field]) || null : null,
    ]),
  );
  const { referrer_contact_id, status } = config;
  if (referrer_contact_id) {
    const referrer = Id.safeParse(request.referrer_contact_id);
    if (!referrer.success) throw refusal(`referrer_contact_id (${referrer_contact_id}) gives no contact's id.`);
    request.referrer_contact_id = referrer.data;
  }
  if (status && !ReferralStatus.safeParse(request.status).success) {
    throw refusal(`status (${status}) gives none of ${statuses}.`);
  }
  return request;
}

const refusal = (message: string) => new ApiError("VALIDATION_ERROR", message);
