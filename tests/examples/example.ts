/** The path of a file in `examples/`. */
export const example = (name: string) => new URL(`../../examples/${name}`, import.meta.url).pathname;

/** A port of this machine that nobody listens to. */
export function reserved(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** `lines`: what the program has printed so far. It ends with the scope. */
export type Running = AsyncDisposable & { lines: string[] };

/** Starts a program whose environment is this one and `env`; the caller waits for what it is to print. */
export function startExample([program, ...args]: string[], env: Record<string, string>): Running {
  const process = new Deno.Command(program, { args, env, stdin: "null", stdout: "piped" }).spawn();
  const lines: string[] = [];
  const reading = read(process.stdout, lines);
  return {
    lines,
    async [Symbol.asyncDispose]() {
      try {
        process.kill();
      } catch {
        // It has ended by itself.
      }
      await Promise.all([process.status, reading]);
    },
  };
}

async function read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, lines: string[]): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  }
}
