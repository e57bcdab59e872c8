import { join } from "node:path";
import { Refusal } from "../refusal.ts";

/** Ends a PostgreSQL that an earlier stack left running on this cluster, and removes what is left of its pid file. */
export async function endLeftover(cluster: string): Promise<void> {
  const pidFile = join(cluster, "postmaster.pid");
  const pid = Number.parseInt(await Deno.readTextFile(pidFile).catch(() => ""));
  if (!pid) return;

  let asked = false;
  for (const deadline = Date.now() + 15_000; await serves(pid, cluster);) {
    if (Date.now() > deadline) {
      throw new Refusal(`A PostgreSQL (process ${pid}) on ${cluster} does not end: end it first.`);
    }
    if (!asked) signal(pid);
    asked = true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await Deno.remove(pidFile).catch(() => {});
}

/** Pids are used again: only a process whose command line names the cluster is its server. */
async function serves(pid: number, cluster: string): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "args=", "-p", String(pid)] }).output();
  return new TextDecoder().decode(stdout).includes(`-D ${cluster} `);
}

function signal(pid: number): void {
  try {
    Deno.kill(pid, "SIGINT");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
