import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { answerError, ApiError } from "../contract/errors.ts";
import { FormPage } from "./form_page.tsx";
import { NoticePage } from "./notice_page.tsx";
import * as notices from "./notices.ts";
import { type Company, type HtmlPage, htmlPage } from "./html_page.tsx";
import { type Problems, problemsOf, tryLater } from "./problems.ts";
import type { Form } from "./submission.ts";
import type { FormInput } from "./form_input.ts";
import { viewedScript } from "./viewed_script.ts";

export async function answerPage(c: Context, status: number, shown: HtmlPage): Promise<Response> {
  const { html, policy } = await htmlPage(shown);
  c.header("Content-Security-Policy", policy);
  // A Response says as a number what Hono has as a union; these all have a body.
  return c.html(html, status as ContentfulStatusCode);
}

export function answerNotice(c: Context, status: number, notice: notices.Notice, company: Company | null = null) {
  return answerPage(c, status, { title: notice.title, company, children: <NoticePage notice={notice} /> });
}

type Given = { typed?: FormInput; problems?: Problems; trouble?: string };

export function answerForm(c: Context, form: Form, status: number, given: Given = {}) {
  const { company, categories, referrer_first_name: referrer } = form;
  return answerPage(c, status, {
    title: `${status === 200 ? "" : "Error: "}Refer a friend to ${company.name}`,
    company,
    script: form.status === "sent" ? viewedScript : undefined,
    children: <FormPage company={company.name} referrer={referrer} categories={categories} {...given} />,
  });
}

/** The page of a form that takes nothing any more, under `status` when it was submitted; null for an open one. */
export function answerClosed(c: Context, { status, withdrawn, company }: Form, submitted: 200 | 409) {
  if (status === "submitted") return answerNotice(c, submitted, notices.submitted(company.name), company);
  if (status !== "expired") return null;
  return answerNotice(c, 410, (withdrawn ? notices.withdrawn : notices.expired)(company.name), company);
}

/** The form again with what was typed, and why it was not taken; a form that was closed meanwhile says so. */
export function answerRefused(c: Context, form: Form, typed: FormInput, error: unknown) {
  const { code, details = [] } = error instanceof ApiError ? { code: error.code, ...error.more } : {};
  if (code === "NOT_FOUND") throw error;
  if (code === "CONFLICT" && details.length === 0) return answerClosed(c, { ...form, status: "submitted" }, 409)!;
  if (code === "EXPIRED") return answerClosed(c, { ...form, status: "expired" }, 409)!;

  const { status, wait } = noted(c, error);
  if (details.length > 0) return answerForm(c, form, status, { typed, problems: problemsOf(details) });
  return answerForm(c, form, status, { typed, trouble: tryLater(status, wait) });
}

/** A page for what went wrong before there was a workspace to show. */
export function answerTrouble(error: unknown, c: Context) {
  const { status } = noted(c, error);
  if (status === 404) return answerNotice(c, 404, notices.unknownLink);
  return answerNotice(c, status, status < 500 ? notices.refused : notices.unavailable);
}

/** Logs an error as the API does, and keeps its status and `Retry-After`, in seconds. */
function noted(c: Context, error: unknown): { status: number; wait: number } {
  const { status, headers } = answerError(error, c);
  const wait = headers.get("Retry-After");
  if (wait) c.header("Retry-After", wait);
  return { status, wait: Number(wait) };
}
