/** An endpoint that takes connections and never ends an answer: silent, or a little every 50 ms after `begin`. */
export function neverEnding(begin = ""): AsyncDisposable & { url: string } {
  const encoder = new TextEncoder();
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const talk = async (connection: Deno.Conn) => {
    for (let next = begin; next; next = "1\r\nx\r\n") {
      await connection.write(encoder.encode(next));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    while (await connection.read(new Uint8Array(4096)) !== null);
  };
  const accept = async () => {
    for await (const connection of server) {
      open.add(connection);
      talk(connection).catch(() => {}).finally(() => open.delete(connection) && connection.close());
    }
  };
  const accepted = accept();
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const connection of open) {
        open.delete(connection);
        connection.close();
      }
      await accepted;
    },
  };
}
