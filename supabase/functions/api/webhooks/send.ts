import { logError } from "../platform/log.ts";
import { type AddressOptions, hostOf, lookUp, portOf } from "./addresses.ts";
import { Answer, BadAnswer } from "./answer.ts";
import { connect, type Connection, Failed, type Place } from "./connection.ts";
import type { KeptConnections } from "./kept.ts";

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

const encoder = new TextEncoder();

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
  const answer = new Answer(maxBody);
  let error: string | null = null;
  try {
    await exchange(url, body, headers, options, answer, late.signal);
  } catch (cause) {
    error = late.signal.aborted ? `There was no answer within ${deadline / 1_000} s.` : sentence(cause);
  } finally {
    clearTimeout(timer);
  }
  return {
    status: answer.status,
    body: answer.text(2_000),
    error,
    retryAfter: seconds(answer.header("retry-after")),
    durationMs: Math.round(performance.now() - started),
  };
}

async function exchange(
  url: string,
  body: string,
  headers: Record<string, string>,
  options: SendOptions,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  const found = await lookUp(url, options, signal);
  if ("refused" in found) throw new Failed(found.refused);
  const target = new URL(url);
  const host = hostOf(target);
  const { caCerts, kept } = options;
  const place = { ...found, host, port: portOf(target), isTls: target.protocol === "https:", caCerts };
  const bytes = request(target, body, headers, kept ? "keep-alive" : "close");
  const earlier = kept?.take(place);
  const hasBegun = earlier && await talk(earlier, bytes, answer, place, kept, signal);
  if (!hasBegun) {
    signal.throwIfAborted();
    await talk(await connect(place, signal), bytes, answer, place, kept, signal);
  }
  if (answer.status === null) throw new Failed(`${host} closed the connection without an answer.`);
}

/** Says whether anything was answered. */
async function talk(
  connection: Connection,
  bytes: Uint8Array,
  answer: Answer,
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
    return await readAnswer(stream, answer, place.host);
  } finally {
    signal.removeEventListener("abort", stop);
    if (isWritten && answer.leavesOpen && kept && !signal.aborted) kept.add(connection, place);
    else if (!signal.aborted) stream.close();
  }
}

async function write(stream: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await stream.write(rest));
}

async function readAnswer(stream: Deno.Conn, answer: Answer, host: string): Promise<boolean> {
  const buffer = new Uint8Array(4_096);
  let hasBegun = false;
  try {
    while (!answer.ended) {
      const read = await stream.read(buffer);
      if (read === null) break;
      hasBegun = true;
      answer.take(buffer.subarray(0, read));
    }
  } catch (cause) {
    if (cause instanceof BadAnswer) throw new Failed(`${host} ${cause.message}.`);
  }
  return hasBegun;
}

function request(target: URL, body: string, headers: Record<string, string>, connection: string): Uint8Array {
  const fields: Record<string, string> = { "content-type": "application/json", "user-agent": "Referrals-Webhooks/1.0" };
  for (const [name, value] of Object.entries(headers)) fields[name.toLowerCase()] = value;
  fields["host"] = target.host;
  fields["content-length"] = String(encoder.encode(body).length);
  fields["accept-encoding"] = "identity";
  fields["connection"] = connection;
  let head = `POST ${target.pathname}${target.search} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(fields)) {
    if (/[\r\n]/.test(name + value)) throw new TypeError("A header holds a line break.");
    head += `${name}: ${value}\r\n`;
  }
  return encoder.encode(`${head}\r\n${body}`);
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
