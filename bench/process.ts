/**
 * A server of this folder in a process of its own, and the first line it printed. At the end of the scope that uses it its
 * input is closed, and it is given time to clear up.
 */
export async function startServer(file: string, env: Record<string, string> = {}) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-no-legacy-abort", new URL(file, import.meta.url).pathname],
    env,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!printed.includes("\n")) {
    const { value, done } = await lines.read();
    if (done) throw new Error(`${file} did not start.`);
    printed += value;
  }
  return {
    firstLine: printed.slice(0, printed.indexOf("\n")),
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await lines.cancel();
      await child.status;
    },
  };
}
