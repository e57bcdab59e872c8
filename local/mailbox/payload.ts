import { z } from "zod";
import { ResendError } from "./errors.ts";

const addresses = z.union([z.string().transform((one) => one === "" ? [] : [one]), z.array(z.string())]).nullish();
const tag = z.object({ name: z.string().max(256), value: z.string().max(256) });

const Body = z.object({
  from: z.string().nullish(),
  to: addresses,
  subject: z.string().nullish(),
  cc: addresses,
  bcc: addresses,
  reply_to: addresses,
  html: z.string().nullish(),
  text: z.string().nullish(),
  headers: z.record(z.string(), z.string()).nullish(),
  tags: z.array(tag).nullish(),
});

const address = /^(?:[^<>\r\n]*<[^\s<>@,]+@[^\s<>@,]+\.[^\s<>@,]+>|[^\s<>@,]+@[^\s<>@,]+\.[^\s<>@,]+)$/;
const addressRule = "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.";
const lineBreak = /[\r\n]/;

/** Takes the body of `POST /emails`. Throws the ResendError of its first problem, as Resend does. */
export function readPayload(body: unknown) {
  const { data: mail, error } = Body.safeParse(body);
  if (!mail) {
    throw new ResendError("validation_error", `Invalid \`${String(error.issues[0].path[0] ?? "body")}\` field.`);
  }
  const { from, to, subject, html, text } = mail;
  if (!from) throw missing("from");
  if (!to?.length) throw missing("to");
  if (!subject) throw missing("subject");
  if (!html && !text) throw new ResendError("validation_error", "Missing `html` or `text` field.");

  if (!address.test(from)) throw new ResendError("invalid_from_address", `Invalid \`from\` field. ${addressRule}`);
  if (lineBreak.test(subject)) {
    throw new ResendError("validation_error", "The `\\n` is not allowed in the `subject` field.");
  }
  if (to.length > 50) throw new ResendError("validation_error", "The `to` field takes 50 addresses at most.");
  for (const field of ["to", "cc", "bcc", "reply_to"] as const) {
    if (mail[field]?.some((one) => !address.test(one))) {
      throw new ResendError("validation_error", `Invalid \`${field}\` field. ${addressRule}`);
    }
  }
  for (const [name, value] of Object.entries(mail.headers ?? {})) {
    if (!/^[!-9;-~]+$/.test(name) || lineBreak.test(value)) {
      throw new ResendError("validation_error", "Invalid `headers` field.");
    }
  }
  if (mail.tags?.some(({ name, value }) => !/^[\w-]+$/.test(name) || !/^[\w-]+$/.test(value))) {
    throw new ResendError(
      "validation_error",
      "Tags should only contain ASCII letters, numbers, underscores, or dashes.",
    );
  }
  return { ...mail, from, to, subject };
}

export type Payload = ReturnType<typeof readPayload>;

function missing(field: string): ResendError {
  return new ResendError("missing_required_field", `Missing \`${field}\` field.`);
}
