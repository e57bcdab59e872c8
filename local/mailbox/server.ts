import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Connection } from "./api.ts";
import { portTaken } from "../ports.ts";

type Answer = (request: Request, connection: Connection) => Response | Promise<Response>;

// A mail of Resend's may have 40 MB.
const bodyLimit = 40 * 1024 * 1024;

/**
 * Serves HTTP by Node's server, because `Deno.serve` cannot cut a connection without an answer. Gives its origin; throws a Refusal
 * when the port is taken.
 */
export async function serveMailbox(port: number, answer: Answer): Promise<{ origin: string; stop(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    respond(incoming, outgoing, answer).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: Error & { code?: string }) => {
      reject(error.code === "EADDRINUSE" ? portTaken(port, "--mail-port") : error);
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length > bodyLimit) return void outgoing.writeHead(413, { connection: "close" }).end();
    chunks.push(chunk);
  }
  const request = new Request(new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "localhost"}`), {
    method: incoming.method,
    headers: Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    body: length > 0 ? new Blob(chunks as BlobPart[]) : undefined,
    signal: gone.signal,
  });
  const response = await answer(request, { cut: () => incoming.socket.destroy() });
  const body = new Uint8Array(await response.arrayBuffer());
  if (outgoing.destroyed) return;
  // Deno's fetch silently sends a request again when a connection that it reuses breaks: here a break is to be seen.
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), connection: "close" });
  outgoing.end(body);
}
