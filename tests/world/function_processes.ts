import { join } from "node:path";
import { environment } from "./own_function.ts";
import { eventually } from "./world.ts";

const entry = join(import.meta.dirname ?? ".", "../../supabase/functions/api/index.ts");

/** So many processes of the function beside that of the stack, on its database: where each serves the API. */
export async function startFunctions(count: number): Promise<{ urls: string[] } & AsyncDisposable> {
  const ports = Array.from({ length: count }, freePort);
  const processes = ports.map((port) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", entry],
      env: { ...environment, DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}` },
      stdout: "null",
      stderr: "null",
    }).spawn()
  );
  const urls = ports.map((port) => `http://127.0.0.1:${port}/api/v1`);
  for (const url of urls) {
    await eventually(async () => {
      const answer = await fetch(`${url}/health`).catch(() => null);
      await answer?.body?.cancel();
      return answer?.ok;
    });
  }
  return {
    urls,
    async [Symbol.asyncDispose]() {
      for (const process of processes) process.kill();
      await Promise.all(processes.map((process) => process.status));
    },
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
