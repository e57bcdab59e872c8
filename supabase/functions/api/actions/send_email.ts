import { z } from "zod";
import { ApiError } from "../contract/errors.ts";
import { longest } from "../contract/limits.ts";
import { Email, Label, Text } from "../contract/values.ts";
import { sendMail } from "../mail/send_mail.ts";
import { tokensIn, type TokenValues } from "../mail/template.ts";
import type { Context } from "../runs/job.ts";
import { defineAction } from "./define_action.ts";
import { filled, Templated, withTokens } from "./templates.ts";

const Person = z.enum(["referrer", "contact"]);

const Config = z.strictObject({
  to: z.union([Person, Email, Templated(320)], "must be referrer, contact or an email address, or hold a {{token}}")
    .meta({ description: "The referrer, the contact or an address" }),
  subject: Label(longest.mailSubject).meta({ description: withTokens }),
  body_html: Text(longest.mailHtml).refine((html) => html.trim() !== "", "must not be empty")
    .meta({ minLength: 1, description: "HTML with `{{...}}` tokens; sanitised before it is mailed" }),
}).meta({
  example: {
    to: "referrer",
    subject: "Thank you, {{referrer.first_name}}",
    body_html: "<p>{{contact.first_name}} is now a patient of {{company.name}}.</p>",
  },
});

export const sendEmail = defineAction({
  label: "Send an email",
  description: "Sends a mail in the workspace's name.",
  otherNames: { body: "body_html" },
  config: Config,
  scopes: (config) => ["contacts:read", ...(namesDeal(config) ? ["opportunities:read" as const] : [])],
  async run({ id, config: { to, subject, body_html } }, { run_id, context }, tokens, deployment) {
    const address = recipient(to, context, tokens);
    const brand = context.company;
    const { customMail } = await import("../mail/custom_mail.tsx");
    const mail = await customMail({ brand, subject, body_html, tokens });
    const { id: email_id, error } = await sendMail(deployment.config, {
      to: address,
      from: brand.name,
      replyTo: brand.contact_email,
      ...mail,
      idempotencyKey: `automation/${run_id}/${id}`,
    });
    return { request: { to: address, subject: mail.subject }, response: error ? null : { email_id }, error };
  },
});

const namesDeal = (config: z.output<typeof Config>) =>
  Object.values(config).flatMap(tokensIn).some((name) => /^(deal|opportunity)\./.test(name));

/** Whom `to` means in this run; throws 400 where that is nobody. */
function recipient(to: string, context: Context, tokens: TokenValues): string {
  const person = Person.safeParse(to).data;
  const address = Email.safeParse(person ? context[person]?.email : filled(to, tokens));
  if (address.success) return address.data;
  throw new ApiError(
    "VALIDATION_ERROR",
    person ? `There is no ${person} with an email address.` : `to (${to}) gives no email address.`,
  );
}
