import { assertEquals } from "@std/assert";
import { Resend } from "resend";
import { type Json, stack } from "./world.ts";

/** Resend's own client, on the stack's mailbox. */
export const resend = new Resend("re_test", { baseUrl: stack.mailUrl });

/** A mail to somebody whom no other test writes to. */
export function letter(changes: Record<string, unknown> = {}): Json {
  const to = `rita-${crypto.randomUUID()}@example.com`;
  return { from: "Harbour Health <referrals@example.com>", to, subject: "Thank you", text: "Dear Rita", ...changes };
}

/** One HTTP call of the mailbox. */
export async function mailbox(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(stack.mailUrl + path, { method, headers, body: body as BodyInit });
  const text = await response.text();
  const json: Json = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, json };
}

/** The mails that reached this address, newest first. */
export async function mailsTo(to: string): Promise<Json[]> {
  return (await mailbox("GET", `/emails?to=${encodeURIComponent(to)}`)).json.data;
}

/** Makes the next mails go wrong, one a fault, until the end of the scope. */
export async function plan(...faults: unknown[]): Promise<AsyncDisposable> {
  const planned = await mailbox("PUT", "/faults", JSON.stringify(faults));
  assertEquals([planned.status, planned.json], [200, faults]);
  return { [Symbol.asyncDispose]: async () => void await mailbox("DELETE", "/faults") };
}

/** What Resend said: the data, or status and name of the error. */
export const resendOutcome = ({ error, data }: Json) => error ? [error.statusCode, error.name] : data;
