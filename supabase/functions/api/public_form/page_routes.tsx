import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { secureHeaders } from "hono/secure-headers";
import type { Config } from "../platform/config.ts";
import { Database } from "../data/database.ts";
import { ApiError } from "../contract/errors.ts";
import { answerClosed, answerForm, answerNotice, answerPage, answerRefused, answerTrouble } from "./form_answers.tsx";
import * as notices from "./notices.ts";
import { callerAddress } from "../http/caller_address.ts";
import { ByToken } from "./schema.ts";
import { readForm, submit } from "./submission.ts";
import { readFormInput, readSubmission } from "./form_input.ts";
import { UnsubscribePage } from "./unsubscribe_page.tsx";
import { readUnsubscribing, unsubscribe } from "./unsubscribing.ts";

/** The pages behind a mail's links; they work without script. Links and actions are relative: the prefix is the platform's. */
export function publicForm(config: Config) {
  const pages = new Hono<{ Variables: { requestId: string } }>();
  const database = (c: Context) => new Database(config, null, null, c.get("requestId"));
  pages.onError(answerTrouble);
  for (const path of ["/refer/*", "/public/unsubscribe/*"]) {
    pages.use(path, secureHeaders({ xFrameOptions: "DENY" }), unlisted);
  }

  pages.get("/refer/:token", async (c) => {
    const form = await readForm(database(c), tokenOf(c));
    return await (answerClosed(c, form, 200) ?? answerForm(c, form, 200));
  });

  pages.post("/refer/:token", async (c) => {
    const token = tokenOf(c);
    const form = await readForm(database(c), token);
    const closed = answerClosed(c, form, 409);
    if (closed) return await closed;
    const typed = readFormInput(await formBody(c));
    const { friend, problems } = await readSubmission(typed, form.country);
    if (!friend) return await answerForm(c, form, 400, { typed, problems });
    try {
      await submit(database(c), token, friend, callerAddress(c, config), config);
    } catch (error) {
      return await answerRefused(c, form, typed, error);
    }
    return await answerNotice(c, 201, notices.thanks(form.company.name, form.referrer_first_name), form.company);
  });

  pages.get("/public/unsubscribe/:token", async (c) => {
    const { company, unsubscribed } = await readUnsubscribing(database(c), tokenOf(c));
    if (unsubscribed) return await answerNotice(c, 200, notices.unsubscribed(company.name), company);
    return await answerPage(c, 200, {
      title: `Unsubscribe: ${company.name}`,
      company,
      children: <UnsubscribePage company={company.name} />,
    });
  });

  // The body says nothing more: the button sends none, and mail clients send one of either form type (RFC 8058).
  pages.post("/public/unsubscribe/:token", async (c) => {
    const company = await unsubscribe(database(c), tokenOf(c));
    return await answerNotice(c, 200, notices.unsubscribed(company.name), company);
  });
  return pages;
}

const tokenOf = (c: Context): string => ByToken.parse(c.req.param()).token;

const unlisted = createMiddleware(async (c, next) => {
  await next();
  c.header("Cache-Control", "no-store");
  c.header("X-Robots-Tag", "noindex");
});

async function formBody(c: Context): Promise<string> {
  const type = c.req.header("content-type") ?? "";
  const encoding = c.req.header("content-encoding") ?? "identity";
  if (!/^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type) || encoding !== "identity") {
    throw new ApiError("UNSUPPORTED_MEDIA_TYPE", "The body is not declared as a plain form.");
  }
  return await c.req.text();
}
