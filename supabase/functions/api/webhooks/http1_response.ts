/** What came is no HTTP, or its headers do not end; the message goes after the receiver's name. */
export class BadResponse extends Error {}

const maxHead = 32_768;

/**
 * Reads the HTTP/1.1 response of a receiver that may be hostile: it keeps at most 32 kB of headers and `maxBody` bytes of what
 * follows them, and takes time in proportion to those.
 */
export class Http1Response {
  /** Null until the headers are complete. */
  status: number | null = null;
  /** Whether all that is worth reading has come. */
  ended = false;
  #headers = new Map<string, string>();
  #head = "";
  #headRoom = maxHead;
  #body: Uint8Array[] = [];
  #bodyRoom: number;
  #chunks: Chunks | null = null;
  /** How many bytes of a body without chunks are to come. */
  #left = Infinity;
  #isLast = false;

  constructor(maxBody: number) {
    this.#bodyRoom = maxBody;
  }

  /** Takes what was read from the connection, at most 32 kB at a time. */
  take(bytes: Uint8Array): void {
    let rest = bytes;
    while (this.status === null && rest.length > 0) rest = this.#takeHead(rest);
    if (this.status === null) return;
    if (this.ended) this.#left -= rest.length;
    else this.#takeBody(rest.slice(0, this.#bodyRoom));
  }

  /** Whether another request can follow: it has ended by a length that was said, and no more has come. */
  get leavesOpen(): boolean {
    return this.ended && this.#left === 0 && !this.#isLast;
  }

  header(name: string): string | null {
    return this.#headers.get(name) ?? null;
  }

  /** The body as text that can be stored, of at most `max` characters; empty when it came compressed. */
  text(max: number): string {
    if ((this.header("content-encoding") ?? "identity") !== "identity") return "";
    const text = utf8.decode(this.#body.length === 1 ? this.#body[0] : joined(this.#body));
    return [...text.replaceAll("\0", "").slice(0, 2 * max)].slice(0, max).join("");
  }

  /** Gives what follows the head. */
  #takeHead(bytes: Uint8Array): Uint8Array {
    const before = this.#head.length;
    this.#head += latin1.decode(bytes);
    if (this.#head.length >= 5 && !this.#head.startsWith("HTTP/")) throw new BadResponse("did not answer in HTTP");
    const from = Math.max(0, before - 3);
    const blank = /\r?\n\r?\n/.exec(this.#head.slice(from));
    const length = blank ? from + blank.index + blank[0].length : this.#head.length;
    if (length > this.#headRoom) throw new BadResponse("answered with more than 32 kB of headers");
    if (!blank) return bytes.subarray(bytes.length);
    this.#headRoom -= length;
    this.#readHead(this.#head.slice(0, length));
    this.#head = "";
    return bytes.subarray(length - before);
  }

  #readHead(head: string): void {
    const [first, ...lines] = head.trimEnd().split(/\r?\n/);
    const status = Number(/^HTTP\/1\.[01] ([1-9]\d\d)(?: |$)/.exec(first)?.[1]);
    if (!status) throw new BadResponse("did not answer in HTTP/1.1");
    // After 100 Continue or 103 Early Hints comes the answer itself.
    if (status < 200 && status !== 101) return;
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon > 0) this.#headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    const length = this.header("content-length");
    if (/chunked$/i.test(this.header("transfer-encoding") ?? "")) this.#chunks = new Chunks();
    else if (length !== null && /^\d+$/.test(length)) this.#left = Number(length);
    else if (status === 204 || status === 304) this.#left = 0;
    this.#isLast = first.startsWith("HTTP/1.0") || /\bclose\b/i.test(this.header("connection") ?? "");
    this.status = status;
    this.ended = this.#left === 0 || status === 101 || status === 204 || status === 304;
  }

  #takeBody(bytes: Uint8Array): void {
    this.#bodyRoom -= bytes.length;
    if (this.#chunks) this.#body.push(...this.#chunks.take(bytes));
    else this.#body.push(bytes.subarray(0, this.#left));
    this.#left -= bytes.length;
    this.ended = this.#bodyRoom === 0 || (this.#chunks?.ended ?? this.#left <= 0);
  }
}

/** Takes the frames of `Transfer-Encoding: chunked` off. */
class Chunks {
  ended = false;
  #left = 0;
  #line = "";

  /** Gives the parts of the body in these bytes. */
  take(bytes: Uint8Array): Uint8Array[] {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length && !this.ended;) {
      if (this.#left > 0) {
        const part = bytes.subarray(at, at + this.#left);
        parts.push(part);
        this.#left -= part.length;
        at += part.length;
      } else if (bytes[at] !== newline) {
        this.#line += String.fromCharCode(bytes[at++]);
      } else {
        at++;
        this.#takeLine(this.#line.trim());
        this.#line = "";
      }
    }
    return parts;
  }

  /** A line is a chunk's size, or empty after a chunk. Nothing is of use after the last chunk, or after a broken line. */
  #takeLine(line: string): void {
    if (line === "") return;
    const size = /^[0-9a-f]{1,8}(?=;|\s|$)/i.exec(line)?.[0] ?? "0";
    this.#left = parseInt(size, 16);
    this.ended = this.#left === 0;
  }
}

const newline = 0x0a;
const utf8 = new TextDecoder();
/** One character a byte. */
const latin1 = new TextDecoder("latin1");

function joined(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
