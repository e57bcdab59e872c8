import { createApp } from "../../supabase/functions/api/app.ts";
import { readConfig } from "../../supabase/functions/api/platform/config.ts";
import { type Json, type Person, stack } from "./world.ts";

const { kid, secret } = stack.signing;
const k = new TextEncoder().encode(secret).toBase64({ alphabet: "base64url", omitPadding: true });

/** What the platform gives a function of the stack. */
export const environment: Record<string, string> = {
  SUPABASE_URL: stack.url,
  SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
  SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.secretKey }),
  SUPABASE_JWKS: JSON.stringify({ keys: [{ kty: "oct", alg: "HS256", kid, k }] }),
};

/** Answers a call of the data API in its place, or lets it pass. */
type Gate = (path: string, request: Request) => Promise<Response | void> | Response | void;

/**
 * The function in this process, over the stack's data API behind a gate. `ask` calls it as the person does; `asked` are the
 * paths that it called, those of the data API.
 */
export function functionBehind(gate: Gate = () => {}, variables: Record<string, string> = {}) {
  const asked: string[] = [];
  const over = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: over.signal, onListen: () => {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const path = pathname.replace("/rest/v1", "");
      asked.push(path);
      const answer = await gate(path, request);
      if (answer) return answer;
      const { method, headers } = request;
      const body = /^(GET|HEAD)$/.test(method) ? null : await request.arrayBuffer();
      const passed = await fetch(stack.url + pathname + search, { method, headers, body });
      return new Response(passed.status === 204 ? null : await passed.arrayBuffer(), passed);
    },
  );
  const app = createApp(readConfig({
    ...environment,
    ...variables,
    SUPABASE_URL: `http://127.0.0.1:${server.addr.port}`,
  }));
  return {
    asked,
    async ask(person: Person, method: string, path: string, body?: Json, headers: Record<string, string> = {}) {
      const answer = await app.request(`/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${person.token}`,
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await answer.text();
      const parsed = text ? JSON.parse(text) : undefined;
      return { status: answer.status, headers: answer.headers, body: parsed, error: parsed?.error };
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await server.finished;
    },
  };
}
