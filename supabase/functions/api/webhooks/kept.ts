import type { Connection, Place } from "./connection.ts";

/** Connections that one receiver has left open, each for its next request. */
export class KeptConnections {
  #idle: (Connection & { origin: string })[] = [];

  /** One to that place, at an address that it still has. */
  take(place: Place): Connection | undefined {
    const origin = originOf(place);
    const found = this.#idle.findIndex((one) => one.origin === origin && place.addresses.includes(one.address));
    return found < 0 ? undefined : this.#idle.splice(found, 1)[0];
  }

  add({ stream, address }: Connection, place: Place): void {
    this.#idle.push({ stream, address, origin: originOf(place) });
  }

  close(): void {
    for (const { stream } of this.#idle.splice(0)) stream.close();
  }
}

const originOf = ({ host, port, isTls }: Place) => `${isTls ? "https" : "http"}://${host}:${port}`;
