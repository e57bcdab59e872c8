import { join } from "node:path";
import { openSession } from "./connection.ts";
import { keepRunning, pause, type Running } from "../keep_running.ts";
import { leash, type Leashed } from "../leash.ts";
import { findPostgresHome, type PostgresHome } from "./home.ts";
import { endLeftover } from "./leftover.ts";
import { Refusal } from "../refusal.ts";

const superuser = "supabase_admin";
const password = "postgres";
const environment = { LC_ALL: "C", TZ: "UTC" };

export interface PostgresServer {
  superuserUrl: string;
  /** Ends it as it likes to be ended, within a second or two. */
  stop(): Promise<void>;
}

/**
 * Keeps the embedded PostgreSQL running on the data folder's cluster, which it makes when there is none, or when `fresh`. Throws
 * a Refusal when it cannot be started at first.
 */
export async function startPostgres(data: string, port: number, fresh: boolean): Promise<PostgresServer> {
  const home = await findPostgresHome(data);
  await endLeftover(home.cluster);
  if (fresh) await Deno.remove(home.cluster, { recursive: true }).catch(ignoreMissing);
  if (!await exists(join(home.cluster, "PG_VERSION"))) await createCluster(home);

  const log = join(home.cluster, "server.log");
  const superuserUrl = `postgres://${superuser}:${password}@127.0.0.1:${port}/postgres`;
  function run(): Running {
    const process = leash(join(home.programs, "bin", "postgres"), ["-D", home.cluster, "-p", String(port)], {
      ...home.owner,
      env: environment,
      cwd: home.cluster,
      signal: "INT",
      log,
    });
    return { ...process, cameUp: acceptsBeforeItEnds(superuserUrl, process) };
  }

  const first = run();
  if (!await first.cameUp) {
    await first.end();
    await explain(log);
  }
  const stop = keepRunning("PostgreSQL", first, async () => {
    await endLeftover(home.cluster).catch((error) => console.error(error.message));
    return run();
  });
  return { superuserUrl, stop };
}

async function createCluster(home: PostgresHome): Promise<void> {
  // Made beside its place, so that an interrupted start leaves no half of a cluster behind.
  const draft = `${home.cluster}.new`;
  const passwordFile = await Deno.makeTempFile();
  try {
    await Deno.remove(draft, { recursive: true }).catch(ignoreMissing);
    await Deno.mkdir(draft, { mode: 0o700 });
    await Deno.writeTextFile(passwordFile, password);
    if (home.owner) {
      await Deno.chown(draft, home.owner.uid, home.owner.gid);
      await Deno.chown(passwordFile, home.owner.uid, home.owner.gid);
    }
    await initialise(home, draft, passwordFile);
    await Deno.rename(draft, home.cluster);
  } finally {
    await Deno.remove(passwordFile);
  }
}

async function initialise(home: PostgresHome, cluster: string, passwordFile: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(join(home.programs, "bin", "initdb"), {
    ...home.owner,
    args: [
      `--pgdata=${cluster}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--set=listen_addresses=127.0.0.1",
      "--set=unix_socket_directories=",
      "--no-sync",
    ],
    cwd: cluster,
    clearEnv: true,
    env: environment,
  }).output();
  if (!success) throw new Refusal(`PostgreSQL's initdb failed: ${new TextDecoder().decode(stderr).trim()}`);
}

/** Whether a server takes connections, false when it ends first or takes none for a minute. */
export async function acceptsBeforeItEnds(url: string, process: Leashed): Promise<boolean> {
  let ended = false;
  process.ended.then(() => ended = true);
  for (const deadline = Date.now() + 60_000; !ended && Date.now() < deadline;) {
    const session = openSession(url);
    const accepted = await session.run((sql) => sql`select 1`).then(() => true, () => false);
    await session.close();
    if (accepted) return true;
    await pause(50);
  }
  return false;
}

async function explain(log: string): Promise<never> {
  const lines = (await Deno.readTextFile(log).catch(() => "")).split("\n");
  const reason = lines.findLast((line) => line.includes("FATAL:")) ?? lines.at(-2) ?? "it gave no reason";
  throw new Refusal(`The embedded PostgreSQL did not start: ${reason} (${log})`);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
