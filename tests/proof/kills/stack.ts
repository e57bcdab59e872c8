import { join } from "node:path";
import { openSession } from "../../../local/postgres/connection.ts";
import { removeData } from "../../../local/postgres/home.ts";
import { isLostConnection, type Session } from "../../../local/postgres/session.ts";
import { eventually, type Json } from "../../world/world.ts";

export type Part = "function" | "backend" | "postmaster";

const isPart: Record<Part, RegExp> = {
  function: /^\S*deno run .*\/functions\/api\/index\.ts$/,
  backend: /^postgres: \w+ postgres /,
  postmaster: /^\S*\/bin\/postgres -D /,
};

/** A stack in a process of its own. */
export type Victim = AsyncDisposable & {
  mailUrl: string;
  databaseUrl: string;
  /** Chooses a process of this part, once there is one, and gives what kills it with -9: false when it was gone already. */
  aim(part: Part): Promise<() => boolean>;
  /** What it has printed. */
  log(): Promise<string>;
};

export async function startVictim(): Promise<Victim> {
  const data = await Deno.makeTempDir({ prefix: "referrals-kills-" });
  const log = join(data, "printed");
  const main = join(import.meta.dirname ?? ".", "../../../local/main.ts");
  const flags = ["--port", "0", "--db-port", "0", "--mail-port", "0", "--data", data];
  const process = new Deno.Command("sh", {
    args: ["-c", 'exec "$@" >"$0" 2>&1', log, Deno.execPath(), "run", "-A", main, ...flags],
    env: { NO_COLOR: "1", DATABASE_URL: "" },
  }).spawn();
  const said = await eventually(async () => {
    const said = await Deno.readTextFile(log).catch(() => "");
    return said.includes("Ctrl-C ends it.") ? said : undefined;
  }, 60).catch((error) => {
    process.kill("SIGKILL");
    throw error;
  });
  const told = (name: string) => new RegExp(`^${name} +(\\S+)$`, "m").exec(said)![1];

  return {
    mailUrl: told("Mailbox"),
    databaseUrl: told("Database"),
    async aim(part) {
      const found = await eventually(async () => {
        const pids = (await descendants(process.pid)).filter(({ command }) => isPart[part].test(command));
        return pids.length > 0 ? pids : undefined;
      }, 30);
      const { pid } = anyOf(found);
      return () => {
        try {
          Deno.kill(pid, "SIGKILL");
          return true;
        } catch {
          return false;
        }
      };
    },
    log: () => Deno.readTextFile(log),
    async [Symbol.asyncDispose]() {
      const ended = await Promise.race([process.status.then(() => true), false]);
      if (!ended) process.kill("SIGINT");
      await process.status;
      await removeData(data);
    },
  };
}

type Process = { pid: number; parent: number; command: string };

async function descendants(pid: number): Promise<Process[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-ww", "-eo", "pid=,ppid=,args="] }).output();
  const all = new TextDecoder().decode(stdout).trim().split("\n").map((line): Process => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)!;
    return { pid: Number(pid), parent: Number(parent), command };
  });
  const below = (parent: number): Process[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid);
}

/** Somebody on a connection of their own, who waits for the database when it is away. */
export class Client implements AsyncDisposable {
  readonly #url: string;
  #session: Session;

  constructor(url: string) {
    this.#url = url;
    this.#session = openSession(url);
  }

  /** Gives what `work` gives, null when the connection was lost meanwhile: it may have been done or not. */
  async attempt<T>(work: Parameters<Session["run"]>[0]): Promise<T | null> {
    try {
      return await this.#session.run(work) as T;
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      await eventually(() => this.#reconnects(), 30);
      return null;
    }
  }

  /** Has `work`, which only looks, done until it was. */
  async reads(work: Parameters<Session["run"]>[0]): Promise<Json> {
    return await eventually(() => this.attempt(work), 60);
  }

  async #reconnects(): Promise<boolean> {
    await this.#session.close();
    this.#session = openSession(this.#url);
    return await this.#session.run((sql) => sql`select 1`).then(() => true, () => false);
  }

  async [Symbol.asyncDispose]() {
    await this.#session.close();
  }
}

/** Counts, and says so within the very call that it waited for. */
export class Tally {
  count = 0;
  #waiting = new Map<number, () => void>();

  add(): void {
    this.#waiting.get(++this.count)?.();
  }

  /** Resolves once so many more have been counted; rejects after a minute. */
  reaches = (more: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`Fewer than ${more} more came within 60 s.`)), 60_000);
      this.#waiting.set(this.count + more, () => {
        clearTimeout(late);
        resolve();
      });
    });
}

const anyOf = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)];
