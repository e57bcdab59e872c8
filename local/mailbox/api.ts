import { type Context, Hono } from "hono";
import { z } from "zod";
import { ResendError } from "./errors.ts";
import { FaultList, Faults, faultyAnswer } from "./faults.ts";
import { IdempotencyKeys } from "./idempotency.ts";
import type { Mail, Mails } from "./mails.ts";
import { readPayload } from "./payload.ts";

export type Connection = {
  /** Ends the caller's connection without an answer. */
  cut(): void;
};

const Page = z.object({
  limit: z.coerce.number().int().min(1).max(100).optional(),
  after: z.string().optional(),
  before: z.string().optional(),
  to: z.string().optional(),
});

/** Resend's API as far as mails go, and the routes that make it play up: reading, emptying and faults need no key. */
export function mailboxApi(mails: Mails) {
  const keys = new IdempotencyKeys();
  const faults = new Faults();
  const seen: { count: number; keys: (string | null)[] } = { count: 0, keys: [] };

  return new Hono<{ Bindings: Connection }>()
    .post("/emails", async (c) => {
      const key = c.req.header("idempotency-key");
      seen.count++;
      seen.keys = [...seen.keys, key ?? null].slice(-1_000);
      const fault = faults.take();
      if (fault && "status" in fault) return faultyAnswer(fault);

      requireKey(c);
      const body = await readJson(c);
      const payload = readPayload(body);
      const sent = keys.claim(key, JSON.stringify(body));
      const gone = c.req.raw.signal;
      if (fault && "hang" in fault) await faults.hang(gone);
      if (gone.aborted) {
        if (!sent) keys.release(key);
        return c.body(null);
      }
      const id = sent ?? mails.add(payload).id;
      keys.settle(key, id);
      if (fault && "reset_after_accept" in fault) c.env.cut();
      return c.json({ id });
    })
    .get("/emails", (c) => {
      const { data: page } = Page.safeParse(c.req.query());
      if (!page) throw new ResendError("validation_error", "The `limit` must be between 1 and 100.");
      const all = mails.list(page.to);
      const start = page.after ? all.findIndex(({ id }) => id === page.after) + 1 : 0;
      const end = page.before ? all.findIndex(({ id }) => id === page.before) : all.length;
      const found = all.slice(start, Math.max(end, start));
      // Resend gives 20 when no limit is given; whoever looks into this box wants all.
      const limit = page.limit ?? found.length;
      const shown = page.before ? found.slice(Math.max(found.length - limit, 0)) : found.slice(0, limit);
      return c.json({ object: "list", has_more: found.length > shown.length, data: shown.map(summary) });
    })
    .get("/emails/:id", (c) => {
      const id = c.req.param("id");
      if (!z.guid().safeParse(id).success) throw new ResendError("invalid_parameter");
      const mail = mails.find(id);
      if (!mail) throw new ResendError("not_found", "Email not found");
      return c.json(mail);
    })
    .delete("/emails/:id", (c) => {
      if (!mails.remove(c.req.param("id"))) throw new ResendError("not_found", "Email not found");
      return c.body(null, 204);
    })
    .delete("/emails", (c) => {
      mails.clear();
      return c.body(null, 204);
    })
    .get("/faults", (c) => c.json(faults.left))
    .put("/faults", async (c) => {
      const { data, error } = FaultList.safeParse(await readJson(c));
      if (error) throw new ResendError("validation_error", z.prettifyError(error));
      faults.plan(data);
      return c.json(faults.left);
    })
    .delete("/faults", (c) => {
      faults.clear();
      return c.body(null, 204);
    })
    .get("/requests", (c) => c.json(seen));
}

function requireKey(c: Context): void {
  const key = c.req.header("authorization")?.match(/^Bearer +(\S+)$/i)?.[1];
  if (!key) throw new ResendError("missing_api_key");
  if (!key.startsWith("re_")) throw new ResendError("invalid_api_key");
}

async function readJson(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch {
    throw new ResendError("validation_error", "The request body must be valid JSON.");
  }
}

function summary({ html: _html, text: _text, tags: _tags, object: _object, headers: _headers, ...rest }: Mail) {
  return rest;
}
