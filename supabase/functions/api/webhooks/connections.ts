import { before } from "./deadline.ts";

/** What went wrong, as a sentence for the user. */
export class Failed extends Error {}

/** Where to connect to: a host, and addresses of it that were checked. */
export type Place = { host: string; addresses: string[]; port: number; isTls: boolean; caCerts?: string[] };

/** Where it leads is one of the addresses of its place. */
export type Connection<Stream = Deno.Conn> = { stream: Stream; address: string };

/** Connects to the first of the addresses that lets us; with TLS, the certificate must be for the host. Throws `Failed`, or `signal`'s reason. */
export async function connect(place: Place, signal: AbortSignal): Promise<Connection> {
  if (place.isTls && (hanging.get(place.host) ?? 0) >= maxHanging) throw noTls(place.host);
  const { stream, address } = await reach(place, signal);
  return { stream: place.isTls ? await secure(stream, place, signal) : stream, address };
}

async function reach({ host, addresses, port }: Place, signal: AbortSignal): Promise<Connection<Deno.TcpConn>> {
  let isRefused = true;
  for (const address of addresses) {
    const to = { hostname: address, port, signal };
    const connecting = Deno.connect(to);
    // Deno 2.1 knows no signal here: a connection that comes too late is closed.
    connecting.then((connection) => signal.aborted && connection.close(), () => {});
    try {
      return { stream: await before(signal, connecting), address };
    } catch (cause) {
      signal.throwIfAborted();
      isRefused &&= cause instanceof Deno.errors.ConnectionRefused;
    }
  }
  throw new Failed(isRefused ? `${host} refused the connection.` : `${host} could not be reached.`);
}

async function secure(plain: Deno.TcpConn, { host, caCerts }: Place, signal: AbortSignal): Promise<Deno.TlsConn> {
  // Else the request waits for the receiver to acknowledge the end of the handshake, which may take it 40 ms.
  plain.setNoDelay();
  plain.setKeepAlive();
  const connection = await Deno.startTls(plain, { hostname: host, caCerts });
  const handshake = connection.handshake();
  try {
    await before(signal, handshake);
    return connection;
  } catch (cause) {
    if (signal.aborted) leaveHanging(host, connection, handshake);
    else connection.close();
    throw String(cause).includes("certificate")
      ? new Failed(`The TLS certificate of ${host} is not valid.`)
      : noTls(host);
  }
}

const noTls = (host: string) => new Failed(`${host} made no TLS connection.`);

// Deno closes no connection in the middle of its handshake, but waits for the other end. A host that does not go on could
// collect connections of ours: it gets no more than these.
const maxHanging = 3;
const hanging = new Map<string, number>();

function leaveHanging(host: string, connection: Deno.TlsConn, handshake: Promise<unknown>): void {
  hanging.set(host, (hanging.get(host) ?? 0) + 1);
  handshake.catch(() => {}).finally(() => {
    connection.close();
    const left = hanging.get(host)! - 1;
    if (left > 0) hanging.set(host, left);
    else hanging.delete(host);
  });
}

/** Connections that one receiver has left open, each for its next request. Whoever makes one closes it. */
export class KeptConnections {
  #idle: (Connection & { origin: string })[] = [];

  /** One to that place, at an address that it still has. */
  take(place: Place): Connection | undefined {
    const origin = originOf(place);
    const found = this.#idle.findIndex((one) => one.origin === origin && place.addresses.includes(one.address));
    return found < 0 ? undefined : this.#idle.splice(found, 1)[0];
  }

  /** Keeps a connection to that place, on which nothing is under way. */
  add({ stream, address }: Connection, place: Place): void {
    this.#idle.push({ stream, address, origin: originOf(place) });
  }

  /** Closes those that nobody has taken. */
  close(): void {
    for (const { stream } of this.#idle.splice(0)) stream.close();
  }
}

const originOf = ({ host, port, isTls }: Place) => `${isTls ? "https" : "http"}://${host}:${port}`;
