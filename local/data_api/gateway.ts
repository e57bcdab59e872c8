import { pause } from "../keep_running.ts";
import { portTaken } from "../ports.ts";

export interface Routes {
  dataApi(request: Request): Promise<Response>;
  functionOrigin: string;
}

export interface Gateway {
  /** Lets the requests under way end, for a second. */
  stop(): Promise<void>;
}

/** Serves what a project's own domain serves. Throws a Refusal when the port is taken. */
export function startGateway(port: number, routes: Routes): Gateway {
  const server = listen(port, routes);
  return {
    async stop() {
      const patience = new AbortController();
      await Promise.race([server.shutdown(), pause(1000, patience.signal)]);
      patience.abort();
      server.unref();
    },
  };
}

function listen(port: number, routes: Routes): Deno.HttpServer {
  try {
    return Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request, info) => route(request, info, routes),
    );
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw portTaken(port, "--port");
    throw error;
  }
}

const longestTarget = 32_768;

async function route(request: Request, info: Deno.ServeHandlerInfo, routes: Routes): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/rest/v1/")) return await routes.dataApi(request);
  if (pathname === "/functions/v1/api" || pathname.startsWith("/functions/v1/api/")) {
    return await forward(request, info, routes.functionOrigin);
  }
  return Response.json({ message: `Nothing is served at ${pathname}.` }, { status: 404 });
}

async function forward(request: Request, info: Deno.ServeHandlerInfo, origin: string): Promise<Response> {
  const url = new URL(request.url);
  // What fetch cannot pass on, the platform's edge refuses too.
  if (/^(trace|track|connect)$/i.test(request.method)) {
    return Response.json({ message: "This method is not served." }, { status: 405 });
  }
  if (url.pathname.length + url.search.length > longestTarget) {
    return Response.json({ message: "This URL is too long." }, { status: 414 });
  }
  const headers = new Headers(request.headers);
  const caller = "hostname" in info.remoteAddr ? info.remoteAddr.hostname : "";
  const before = headers.get("x-forwarded-for");
  headers.set("x-forwarded-for", before ? `${before}, ${caller}` : caller);
  headers.set("x-forwarded-proto", url.protocol.slice(0, -1));
  headers.set("x-forwarded-host", url.host);
  // The way to the caller may be compressed; this one stays as the function wrote it.
  headers.set("accept-encoding", "identity");
  headers.delete("connection");
  headers.delete("host");

  const gone = new AbortController();
  info.completed.catch(() => gone.abort());
  const path = url.pathname.slice("/functions/v1".length);
  try {
    const answer = await fetch(`${origin}${path}${url.search}`, {
      method: request.method,
      headers,
      // Deno gives `get` a body, which fetch refuses.
      body: /^(get|head)$/i.test(request.method) ? null : request.body,
      redirect: "manual",
      signal: gone.signal,
    });
    return new Response(answer.body, answer);
  } catch (error) {
    if (gone.signal.aborted) return new Response(null, { status: 499 });
    console.error(`The function does not answer: ${error instanceof Error ? error.message : error}`);
    return Response.json({ message: "The function is not running: see the stack's output." }, { status: 503 });
  }
}
