import { createApp } from "../supabase/functions/api/app.ts";
import { readConfig } from "../supabase/functions/api/platform/config.ts";
import { cannedKey } from "./canned_key.ts";
import type { Call } from "./postgrest.ts";

/** What the data API is to answer. */
export type Answer = { status?: number; body?: unknown };

/** What the API can go on with. */
function plausible(path: string): unknown {
  const at = "2026-11-22T09:30:00.000+00:00";
  if (path === "rpc/referral_leaderboard") return [];
  if (path.startsWith("rpc/")) {
    const names = { first_name: "", name: "" };
    const told = { sent: true, submitted_at: at, expires_at: at, timezone: "UTC", run_id: crypto.randomUUID() };
    return { ...told, referral: {}, brand: names, contact: names, company: names, categories: [] };
  }
  return [{}];
}

// Asked beside a request or after an answer that proves nothing, and of no size.
const aside = new Set(["rpc/require_scope", "rpc/take_requests"]);

/** The API, in this process, before a data API that only writes down what it is asked. */
export async function recordedApi() {
  let calls: Call[] = [];
  let answer: Answer = {};
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, searchParams: query } = new URL(request.url);
    const path = pathname.replace("/rest/v1/", "");
    const body = await request.text();
    if (aside.has(path)) return new Response(null, { status: 204 });
    calls.push({ method: request.method, path, query, prefer: request.headers.get("prefer") ?? "", body });
    const isBeside = request.method === "GET" && !query.has("limit");
    const given = isBeside ? {} : answer;
    if (!isBeside) answer = {};
    const text = request.method === "HEAD" ? null : JSON.stringify(given.body ?? plausible(path));
    return new Response(text, { status: given.status ?? 200, headers: { "content-type": "application/json" } });
  });
  const { token, environment } = await cannedKey(`http://127.0.0.1:${server.addr.port}`, ["admin"]);
  const publicFormTries = { PUBLIC_FORM_TRIES_PER_HOUR: "1000000" };
  const app = createApp(readConfig({ ...environment, ...publicFormTries }));

  return {
    /** The calls that the API makes for a request; the list or write of it is answered as told, whatever comes of it. */
    async callsFor(method: string, path: string, body?: unknown, first: Answer = {}) {
      [calls, answer] = [[], first];
      const reply = await app.fetch(
        new Request(`http://localhost/api/v1${path}`, {
          method,
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: body === undefined ? undefined : JSON.stringify(body),
        }),
      );
      const text = await reply.text();
      if (reply.status >= 400 && reply.status < 500 && calls.length === 0) {
        throw new Error(`${method} ${path}: ${text}`);
      }
      return { calls, answer: text };
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
