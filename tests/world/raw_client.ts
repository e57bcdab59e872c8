export type Wire = {
  method: string;
  /** As it stands in the request line. */
  target: string;
  headers: [name: string, value: string][];
  body: Uint8Array | null;
  /** Sends the body without its length. */
  chunked?: boolean;
};
export type Answer = { status: number; headers: Headers; text: string };

const text = new TextEncoder();
const deadline = 30_000;

/** One HTTP/1.1 exchange on a connection of its own, to the letter: `fetch` would tidy targets, headers and bodies up. */
export async function exchange(origin: string, wire: Wire): Promise<Answer> {
  const { hostname, port, host } = new URL(origin);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const timer = setTimeout(() => connection.close(), deadline);
  try {
    // A refusal may come, and the connection end, before the whole body was taken.
    const written = write(connection, bytesOf(wire, host)).catch(() => {});
    const answer = await readAll(connection);
    await written;
    return parse(answer);
  } finally {
    clearTimeout(timer);
    try {
      connection.close();
    } catch { /* The deadline closed it. */ }
  }
}

function bytesOf({ method, target, headers, body, chunked }: Wire, host: string): Uint8Array<ArrayBuffer> {
  const length: [string, string][] = body === null
    ? []
    : chunked
    ? [["transfer-encoding", "chunked"]]
    : [["content-length", String(body.length)]];
  const lines = [["host", host], ["connection", "close"], ...length, ...headers].map(([name, value]) =>
    `${name}: ${value}\r\n`
  );
  const head = `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
  const parts = !body ? [] : !chunked ? [body] : [`${body.length.toString(16)}\r\n`, body, "\r\n0\r\n\r\n"];
  return joined([head, ...parts].map((part) => typeof part === "string" ? text.encode(part) : part));
}

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

async function readAll(connection: Deno.Conn): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(65_536);
  try {
    for (let read; (read = await connection.read(buffer)) !== null;) parts.push(buffer.slice(0, read));
  } catch (error) {
    if (parts.length === 0) throw error;
  }
  return joined(parts);
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function parse(bytes: Uint8Array<ArrayBuffer>): Answer {
  const latin = new TextDecoder("latin1").decode(bytes);
  const end = latin.indexOf("\r\n\r\n");
  const [first, ...lines] = latin.slice(0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
  if (end < 0 || !status) throw new Error(`No HTTP answer: ${JSON.stringify(latin.slice(0, 200))}`);
  const headers = new Headers(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as [string, string];
  }));
  const body = bytes.subarray(end + 4);
  const whole = headers.get("transfer-encoding") === "chunked" ? dechunked(body) : body;
  return { status, headers, text: new TextDecoder().decode(whole) };
}

function dechunked(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0;;) {
    const line = bytes.indexOf(10, at);
    const size = parseInt(new TextDecoder().decode(bytes.subarray(at, line)), 16);
    if (line < 0 || Number.isNaN(size)) throw new Error("The answer's chunks are cut off.");
    if (size === 0) return joined(parts);
    parts.push(bytes.subarray(line + 1, line + 1 + size));
    at = line + 1 + size + 2;
  }
}
