import { assertEquals } from "@std/assert";
import { Webhook } from "standardwebhooks";
import { eventually, type Json, type Person } from "./world.ts";

/** `path` with its query; `port`: the sender's, one for each connection. */
export type Received = {
  path: string;
  headers: Record<string, string>;
  text: string;
  body: Json;
  at: number;
  port: number;
};
type Answer = (received: Received) => Response | Promise<Response>;

export type Listener = AsyncDisposable & {
  url: string;
  received: Received[];
  /** What came to this path. */
  to(path: string): Received[];
  /** The first that comes to this path. */
  got(path: string): Promise<Received>;
};

/** Somebody's server on this machine, for the length of a test; it answers 204 unless told otherwise. */
export function listen(answer: Answer = () => new Response(null, { status: 204 })): Listener {
  const received: Received[] = [];
  const over = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, signal: over.signal, onListen: () => {} };
  const server = Deno.serve(options, async (request, { remoteAddr }) => {
    // A sender may be killed in the middle of its request.
    const text = await request.text().catch(() => null);
    if (text === null) return new Response(null, { status: 400 });
    const { pathname, search } = new URL(request.url);
    const one = {
      path: pathname + search,
      headers: Object.fromEntries(request.headers),
      text,
      body: text === "" ? undefined : JSON.parse(text),
      at: Date.now(),
      port: remoteAddr.port,
    };
    received.push(one);
    return await answer(one);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    received,
    to: (path) => received.filter((one) => one.path === path),
    got: (path) => eventually(() => received.find((one) => one.path === path)),
    async [Symbol.asyncDispose]() {
      over.abort();
      await server.finished;
    },
  };
}

/** A subscription of the person's workspace, with its secret. */
export async function subscribe(person: Person, url: string, events = ["referral_attributed"]): Promise<Json> {
  return await person.creates("/webhooks/subscriptions", { url, events });
}

/** Throws unless the official library finds the signature right. */
export function verify({ text, headers }: Received, secret: string): Json {
  return new Webhook(secret).verify(text, headers);
}

/** The events of a workspace that are told by what came to a listener: one each. */
export function once(received: Received[]): Json[] {
  const ids = received.map(({ headers }) => headers["webhook-id"]);
  assertEquals(ids.length, new Set(ids).size, "a delivery came twice");
  return received.map(({ body }) => body);
}
