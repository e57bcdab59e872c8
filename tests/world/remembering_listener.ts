import { eventually } from "./world.ts";

/** Somebody out there who answers requests, and remembers them by their paths. */
export function listener(
  answer: (path: string) => Response | Promise<Response> = () => Response.json({ well: "done" }),
) {
  const received: { path: string; headers: Headers; body: string }[] = [];
  const over = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, signal: over.signal, onListen: () => {} };
  const server = Deno.serve(options, async (request) => {
    const path = request.url.slice(new URL(request.url).origin.length);
    received.push({ path, headers: request.headers, body: await request.text() });
    return await answer(path);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    received,
    paths: () => received.map(({ path }) => path),
    got: (path: string) => eventually(() => Promise.resolve(received.find((request) => request.path === path))),
    async [Symbol.asyncDispose]() {
      over.abort();
      await server.finished;
    },
  };
}
