import { SignJWT } from "jose";
import { createApp } from "../../supabase/functions/api/app.ts";
import { type Config, readConfig } from "../../supabase/functions/api/platform/config.ts";

/** A call that the function made of the data API; `ended` once it was answered. */
export type DataCall = { method: string; path: string; began: number; ended: number };

type Answers = (call: DataCall, earlier: number) => Response | Promise<Response>;

const secret = new TextEncoder().encode("a secret of thirty-two characters");
const keyId = crypto.randomUUID();

/** An API key that the function takes for genuine; the canned data API takes any. */
export async function token(kid = "canned"): Promise<string> {
  return await new SignJWT({ role: "api_key", company_id: crypto.randomUUID(), scopes: ["admin"] })
    .setProtectedHeader({ alg: "HS256", kid })
    .setSubject(keyId)
    .setAudience("authenticated")
    .setIssuedAt()
    .sign(secret);
}

/** The function as the platform would configure it for the data API at `url`. */
export function functionAt(url: string, change: Partial<Config> = {}) {
  const k = secret.toBase64({ alphabet: "base64url", omitPadding: true });
  const config = readConfig({
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: "sb_publishable_canned" }),
    SUPABASE_JWKS: JSON.stringify({ keys: [{ kty: "oct", alg: "HS256", kid: "canned", k }] }),
  });
  const app = createApp({ ...config, ...change });
  return async (method: string, path: string, body?: unknown, bearer?: string) => {
    const response = await app.request(`/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer ?? await token()}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const parsed = text ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, body: parsed, error: parsed?.error };
  };
}

/**
 * Plays the data API with `answers`, which is told how many calls came earlier, and gives the function over it with the
 * calls it made. What it asks the limiter is not among them, and finds it out of reach.
 */
export async function withCanned<T>(
  answers: Answers,
  use: (call: ReturnType<typeof functionAt>, calls: DataCall[]) => Promise<T>,
  change: Partial<Config> = {},
): Promise<T> {
  const calls: DataCall[] = [];
  const over = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: over.signal },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      if (pathname.endsWith("/rpc/take_requests")) return new Response(null, { status: 204 });
      const call = { method: request.method, path: pathname + search, began: performance.now(), ended: Infinity };
      const earlier = calls.push(call) - 1;
      const response = await answers(call, earlier);
      call.ended = performance.now();
      return response;
    },
  );
  const log = console.error;
  // The function logs what is ours to fix; here that is what was asked for.
  console.error = () => {};
  try {
    return await use(functionAt(`http://127.0.0.1:${server.addr.port}`, change), calls);
  } finally {
    console.error = log;
    over.abort();
    await server.finished;
  }
}
