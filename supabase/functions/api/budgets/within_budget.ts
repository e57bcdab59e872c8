import type { Context } from "hono";
import type { Endpoint } from "../http/endpoint.ts";
import type { Metered } from "./limiter.ts";

/** What a call takes of a metered key's credits. */
export const costOf = ({ contract: { method, mails } }: Endpoint) => method === "get" ? 0 : mails ? 11 : 1;

/**
 * Does what a key asked for when its budgets allow: a read beside asking for them, so that it is no slower, a write after; so is
 * a read of whoever has spent all, which would cost the database more than it costs them. Whatever is wrong with the request, a
 * dead key and a spent budget are said first.
 */
export async function withinBudget<Result>(
  c: Context,
  metered: Metered,
  isRead: boolean,
  handle: () => Promise<Result>,
): Promise<Result> {
  const { isLikely } = metered;
  const taken = metered.take().finally(() => {
    for (const [name, value] of Object.entries(metered.headers)) c.header(name, value);
  });
  if (isRead && isLikely) {
    const [budget, result] = await Promise.allSettled([taken, handle()]);
    if (budget.status === "rejected") throw budget.reason;
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }
  await taken;
  try {
    return await handle();
  } catch (error) {
    metered.giveBack();
    throw error;
  }
}
