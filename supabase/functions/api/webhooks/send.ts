import { logError } from "../platform/log.ts";
import { type AddressOptions, hostOf, lookUp, portOf } from "./addresses.ts";
import { connect, type Connection, Failed, type KeptConnections, type Place } from "./connections.ts";
import { http1Request } from "./http1_request.ts";
import { BadResponse, Http1Response } from "./http1_response.ts";

export type Sent = {
  /** The receiver's, a redirect's too; null when none came. */
  status: number | null;
  /** How the answer's body begins: at most 2,000 characters that Postgres can store. */
  body: string;
  /** One sentence for the user when there is no status. */
  error: string | null;
  /** How many seconds the receiver asks to wait, at most a day. */
  retryAfter: number | null;
  durationMs: number;
};

export type SendOptions = AddressOptions & {
  /** Milliseconds for everything, lookup, connection, TLS, request and answer; 15 seconds without. */
  deadline?: number;
  /** How many bytes of the answer's body are read; 64 kB without. */
  maxBody?: number;
  /** Authorities to trust beside the system's, in PEM. */
  caCerts?: string[];
  /** What this receiver has left open; without, a connection is closed after its answer. */
  kept?: KeptConnections;
};

/**
 * Posts `body` to `url`, to an address that was checked, and follows no redirect. It goes out once, but twice where a kept
 * connection ends without a byte: most receivers close those that were idle. Never rejects. A status that came is the answer,
 * even if the rest did not come in time.
 */
export async function send(
  url: string,
  body: string,
  headers: Record<string, string>,
  options: SendOptions,
): Promise<Sent> {
  const { deadline = 15_000, maxBody = 65_536 } = options;
  const started = performance.now();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), deadline);
  const response = new Http1Response(maxBody);
  let error: string | null = null;
  try {
    await exchange(url, body, headers, options, response, late.signal);
  } catch (cause) {
    error = late.signal.aborted ? `There was no answer within ${deadline / 1_000} s.` : sentence(cause);
  } finally {
    clearTimeout(timer);
  }
  return {
    status: response.status,
    body: response.text(2_000),
    error,
    retryAfter: seconds(response.header("retry-after")),
    durationMs: Math.round(performance.now() - started),
  };
}

async function exchange(
  url: string,
  body: string,
  headers: Record<string, string>,
  options: SendOptions,
  response: Http1Response,
  signal: AbortSignal,
): Promise<void> {
  const found = await lookUp(url, options, signal);
  if ("refused" in found) throw new Failed(found.refused);
  const target = new URL(url);
  const host = hostOf(target);
  const { caCerts, kept } = options;
  const place = { ...found, host, port: portOf(target), isTls: target.protocol === "https:", caCerts };
  const bytes = http1Request(target, body, headers, kept ? "keep-alive" : "close");
  const earlier = kept?.take(place);
  const hasBegun = earlier && await talk(earlier, bytes, response, place, kept, signal);
  if (!hasBegun) {
    signal.throwIfAborted();
    await talk(await connect(place, signal), bytes, response, place, kept, signal);
  }
  if (response.status === null) throw new Failed(`${host} closed the connection without an answer.`);
}

/** Says whether anything was answered. */
async function talk(
  connection: Connection,
  bytes: Uint8Array,
  response: Http1Response,
  place: Place,
  kept: KeptConnections | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const { stream } = connection;
  const stop = () => stream.close();
  let isWritten = false;
  signal.addEventListener("abort", stop);
  try {
    // Not waited for: a receiver may answer, and close, before it has read everything.
    write(stream, bytes).then(() => isWritten = true, () => {});
    return await readResponse(stream, response, place.host);
  } finally {
    signal.removeEventListener("abort", stop);
    if (isWritten && response.leavesOpen && kept && !signal.aborted) kept.add(connection, place);
    else if (!signal.aborted) stream.close();
  }
}

async function write(stream: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await stream.write(rest));
}

async function readResponse(stream: Deno.Conn, response: Http1Response, host: string): Promise<boolean> {
  const buffer = new Uint8Array(4_096);
  let hasBegun = false;
  try {
    while (!response.ended) {
      const read = await stream.read(buffer);
      if (read === null) break;
      hasBegun = true;
      response.take(buffer.subarray(0, read));
    }
  } catch (cause) {
    if (cause instanceof BadResponse) throw new Failed(`${host} ${cause.message}.`);
  }
  return hasBegun;
}

function sentence(cause: unknown): string {
  if (cause instanceof Failed) return cause.message;
  logError("A webhook could not be sent", { cause: String(cause) });
  return "The webhook could not be sent.";
}

/** Seconds to wait by a `Retry-After`, which is a number of them or a date. */
function seconds(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  const wait = /^\d+$/.test(retryAfter)
    ? Number(retryAfter)
    : retryAfter.endsWith("GMT")
    ? Math.ceil((Date.parse(retryAfter) - Date.now()) / 1_000)
    : NaN;
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), 86_400);
}
