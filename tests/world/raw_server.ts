/** Somebody's server that webhooks reach, played byte by byte; `requests` is what came, as text. */
type Receiver = { port: number; connections: number; requests: string[] };

/** What the receiver does with a connection after the request has come; `over` resolves when the test is. */
export type Answering = (connection: Deno.Conn, over: Promise<void>) => Promise<unknown>;

type Options = {
  hostname?: string;
  port?: number;
  /** Certificate and key, for TLS. */
  tls?: { cert: string; key: string };
  /** Whether the request is read before it is answered. */
  reads?: boolean;
};

/** Plays a receiver as long as `test` runs; every connection is closed after `answering`, or when the test is over. */
export async function receiving(
  answering: Answering,
  test: (receiver: Receiver) => Promise<void>,
  { hostname = "127.0.0.1", port = 0, tls, reads = true }: Options = {},
): Promise<void> {
  const listener = tls ? Deno.listenTls({ hostname, port, ...tls }) : Deno.listen({ hostname, port });
  const receiver: Receiver = { port: (listener.addr as Deno.NetAddr).port, connections: 0, requests: [] };
  const over = Promise.withResolvers<void>();
  const played: Promise<void>[] = [];
  const accepting = (async () => {
    for (;;) {
      const connection = await listener.accept();
      receiver.connections++;
      played.push(play(connection));
    }
  })().catch(() => {});
  try {
    await test(receiver);
  } finally {
    over.resolve();
    listener.close();
    await accepting;
    await Promise.all(played);
  }

  async function play(connection: Deno.Conn): Promise<void> {
    let isOpen = true;
    const close = () => {
      if (isOpen) connection.close();
      isOpen = false;
    };
    over.promise.then(close);
    try {
      if (reads) receiver.requests.push(await readRequest(connection));
      await answering(connection, over.promise);
    } catch {
      // The other end has gone, or made no TLS connection.
    } finally {
      close();
    }
  }
}

/** Answers each request on a connection with these bytes, as long as it is open; `requests` gets those after the first. */
export const keepSaying = (answer: string, requests: string[] = []): Answering => async (connection) => {
  for (;;) {
    await say(connection, answer);
    requests.push(await readRequest(connection));
  }
};

async function readRequest(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  for (let text = "", bytes = 0;;) {
    const read = await connection.read(buffer);
    if (read === null) throw new Error("The request ended early.");
    bytes += read;
    text += decoder.decode(buffer.subarray(0, read), { stream: true });
    const head = text.indexOf("\r\n\r\n") + 4;
    const length = /\r\ncontent-length: (\d+)\r\n/.exec(text)?.[1];
    if (head > 3 && bytes >= head + Number(length)) return text;
  }
}

/** Answers with these bytes. */
export const saying = (answer: string | Uint8Array): Answering => (connection) => say(connection, answer);

/** Writes all of it; throws when the other end has gone. */
export async function say(connection: Deno.Conn, what: string | Uint8Array): Promise<void> {
  for (let rest = typeof what === "string" ? new TextEncoder().encode(what) : what; rest.length > 0;) {
    rest = rest.subarray(await connection.write(rest));
  }
}

/** Resolves after some milliseconds, or when the test is over. */
export async function slowly(milliseconds: number, over: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([over, new Promise((resolve) => timer = setTimeout(resolve, milliseconds))]);
  clearTimeout(timer);
}
