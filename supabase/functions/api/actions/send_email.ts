import { z } from "zod";
import { ApiError } from "../contract/errors.ts";
import { longest } from "../contract/limits.ts";
import { Email, Id, Label, Text } from "../contract/values.ts";
import { requireFilledHtml } from "../mail/foreign_html.ts";
import { sendMail } from "../mail/send_mail.ts";
import { tokensIn, type TokenValues } from "../mail/template.ts";
import { unsubscribeHeaders, unsubscribeUrl } from "../mail/unsubscribe_link.ts";
import type { Context } from "../runs/job.ts";
import { defineAction } from "./define_action.ts";
import { filled, Templated, withTokens } from "./templates.ts";

const Person = z.enum(["referrer", "contact"]);

const Config = z.strictObject({
  to: z.union([Person, Email, Templated(320)], "must be referrer, contact or an email address, or hold a {{token}}")
    .meta({ description: "The referrer, the contact, or the address of a contact or of one of mail_recipients" }),
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

/** What `private.admit_mail` gives. */
const Admitted = z.union([
  z.object({ skipped: z.string() }),
  z.object({ address: z.string(), unsubscribe_token: z.string().nullable() }),
]);

export const sendEmail = defineAction({
  label: "Send an email",
  description:
    "Sends a mail in the workspace's name, to a contact or to one of its mail_recipients. Whoever has unsubscribed is " +
    "skipped, and every contact gets an unsubscribe link.",
  otherNames: { body: "body_html" },
  config: Config,
  scopes: (config) => ["contacts:read", ...(namesDeal(config) ? ["opportunities:read" as const] : [])],
  async run({ id, config: { to, subject, body_html } }, { run_id, context }, tokens, { database, config }) {
    requireFilledHtml(body_html, tokens);
    const recipient = recipientOf(to, context, tokens);
    const { data } = await database.ask((client) => client.rpc("admit_mail", { run_id, action_id: id, ...recipient }));
    const admitted = Admitted.parse(data);
    if ("skipped" in admitted) {
      return { status: "skipped", request: { to: recipient.address }, response: null, error: admitted.skipped };
    }
    const { address, unsubscribe_token } = admitted;
    const unsubscribe_url = unsubscribe_token && unsubscribeUrl(config, unsubscribe_token);
    const brand = context.company;
    const { customMail } = await import("../mail/custom_mail.tsx");
    const mail = await customMail({ brand, subject, body_html, tokens, unsubscribe_url });
    const { id: email_id, error } = await sendMail(config, {
      to: address,
      from: brand.mail_name,
      replyTo: brand.contact_email,
      ...mail,
      headers: unsubscribe_url ? unsubscribeHeaders(unsubscribe_url) : undefined,
      idempotencyKey: `automation/${run_id}/${id}`,
    });
    return {
      status: error ? "failed" : "completed",
      request: { to: address, subject: mail.subject },
      response: error ? null : { email_id },
      error,
    };
  },
});

const namesDeal = (config: z.output<typeof Config>) =>
  Object.values(config).flatMap(tokensIn).some((name) => /^(deal|opportunity)\./.test(name));

/** Whom `to` means in this run, a contact by their id as well; throws 400 where that is nobody. */
function recipientOf(to: string, context: Context, tokens: TokenValues): { contact?: string; address: string } {
  const person = Person.safeParse(to).data;
  const address = Email.safeParse(person ? context[person]?.email : filled("to", to, tokens, 320));
  if (!address.success) {
    throw new ApiError(
      "VALIDATION_ERROR",
      person ? `There is no ${person} with an email address.` : `to (${to}) gives no email address.`,
    );
  }
  return { contact: person && Id.parse(context[person]?.id), address: address.data };
}
