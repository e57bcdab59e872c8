import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "node:path";
import postgres from "postgres";
import { answers } from "../../local/ports.ts";
import { removeData } from "../../local/postgres/home.ts";
import { listen } from "../world/listener.ts";
import { eventually, type Json } from "../world/world.ts";

const main = join(import.meta.dirname ?? ".", "../../local/main.ts");
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a stack says where it is, keeps its folder to itself, and outlives a kill with its data", async () => {
  await using place = await folder();
  const [port, databasePort] = [freePort(), freePort()];

  const first = await place.start(port, databasePort);
  const url = `http://127.0.0.1:${port}`;
  assertMatch(first.said, new RegExp(`^API +${url}/functions/v1/api/v1$`, "m"));
  assertMatch(first.said, new RegExp(`^Data API +${url}/rest/v1$`, "m"));
  assertMatch(
    first.said,
    new RegExp(`^Database +postgres://postgres:postgres@127.0.0.1:${databasePort}/postgres$`, "m"),
  );
  assertMatch(first.said, /^Mailbox +http:\/\/127\.0\.0\.1:\d+$/m);
  assertMatch(first.said, /^Publishable key +sb_publishable_\S+$/m);
  assertMatch(first.said, new RegExp(`^Docs +${url}/functions/v1/api/v1/docs$`, "m"));
  assertMatch(first.said, new RegExp(`^Form +${url}/functions/v1/api/v1/refer/{token}, `, "m"));
  const [, key] = /^export API=\S+ API_KEY=(ey\S+)$/m.exec(first.said) ?? [];
  assertEquals(first.said.split(key).length, 2, "the key is printed once");
  assertMatch(first.said, /^export API_KEY=ey\S+$/m);
  assertEquals((await first.curl("/referrals?limit=3")).data.length, 3);

  const second = await place.refused(freePort(), freePort());
  assertMatch(second, /^A stack already runs on \S+: stop it, or start this one with --data and other ports\.$/);
  assertEquals((await first.curl("/referrals?limit=3")).data.length, 3);

  const [{ referrer_contact_id }] = (await first.curl("/referrals?limit=1")).data;
  const { id } = (await first.curl("/referrals", { referrer_contact_id })).data;
  await first.ended("SIGKILL");

  const next = await place.start(port, databasePort);
  assertEquals((await next.curl(`/referrals/${id}`)).data.referrer_contact_id, referrer_contact_id);
  assertEquals(await next.ended("SIGINT"), 0);

  const emptied = await place.start(port, databasePort, "--fresh");
  assertEquals((await emptied.curl(`/referrals/${id}`)).error.code, "NOT_FOUND");
  assertEquals((await emptied.curl("/referrals?limit=3")).data.length, 3);
});

Deno.test("a PostgreSQL or a function that is killed is back by itself, callers are told to wait, and it ends in peace", async () => {
  await using place = await folder();
  await using nina = listen();
  const stack = await place.start(freePort(), freePort());
  const [{ referrer_contact_id }] = (await stack.curl("/referrals?limit=1")).data;
  const { id } = (await stack.curl("/referrals", { referrer_contact_id })).data;
  const look = async () => {
    const { data, error } = await stack.curl(`/referrals/${id}`);
    return data?.id ?? error?.code ?? "503 of the gateway";
  };

  const seen = new Set<string>();
  const [server, session, code] = [
    /^\d+ \S+\/postgres -D/,
    /^\d+ postgres: authenticator/,
    /^\d+ \S+ run .*api\/index.ts$/,
  ];
  for (const victim of [server, code, session, server]) {
    const killed = await stack.killed(victim);
    await eventually(async () => {
      const found = await look();
      seen.add(found);
      return found === id && !(await processes()).some(({ line }) => line === killed);
    }, 30);
  }
  seen.delete("503 of the gateway");
  seen.delete("UNAVAILABLE");
  assertEquals([...seen], [id]);

  const sql = stack.database();
  await sql`select cron.schedule('ping', '1 seconds', ${`select net.http_get('${nina.url}')`})`;
  await nina.got("/");
  const lock = await sql.reserve();
  await lock`begin`;
  await lock`lock table public.referrals`;
  const waiting = look().catch(() => "no answer");
  await eventually(async () => (await sql`select from pg_locks where not granted`).length > 0);
  assertEquals(await stack.ended("SIGINT"), 0);
  await Promise.all([waiting, sql.end({ timeout: 0 })]);
  assertEquals(
    (await stack.complaints()).filter((line) => !/^(Data API: |The function does not answer|{"level")/.test(line)),
    [
      "PostgreSQL ended with exit code 137; it starts again now.",
      "The function ended with exit code 137; it starts again now.",
      "PostgreSQL ended with exit code 137; it starts again now.",
    ],
  );
});

Deno.test("a taken port is named, and nothing stays behind", async () => {
  await using place = await folder();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const free = freePort();

  const gateway = await place.refused(port, free);
  const database = await place.refused(free, port);
  const mailbox = await place.refused(free, freePort(), port);

  assertEquals(gateway, `Port ${port} is taken by another program: stop it, or choose another port with --port.`);
  assertEquals(database, `Port ${port} is taken by another program: stop it, or choose another port with --db-port.`);
  assertEquals(mailbox, `Port ${port} is taken by another program: stop it, or choose another port with --mail-port.`);
  assertEquals(await answers(free), false);
});

/** A data folder of its own; what was started on it ends with it. */
async function folder() {
  const data = await Deno.makeTempDir({ prefix: "referrals-stack-" });
  const alive = new Set<Deno.ChildProcess>();

  const command = (log: string, [port, databasePort, mailPort]: number[], flags: string[] = []) =>
    new Deno.Command("sh", {
      // Into a file: what a killed stack leaves running for a moment would hold a pipe.
      args: [
        "-c",
        `exec "$@" >"$0" ${log === "/dev/null" ? "" : '2>"$0.err"'}`,
        log,
        Deno.execPath(),
        "run",
        "-A",
        main,
        ...flags,
      ]
        .concat(
          "--port",
          String(port),
          "--db-port",
          String(databasePort),
          "--mail-port",
          String(mailPort),
          "--data",
          data,
        ),
      cwd: data,
      env: { NO_COLOR: "1", DATABASE_URL: "" },
    });

  return {
    /** Starts a stack, and gives it once it has said that it runs. */
    async start(port: number, databasePort: number, ...flags: string[]) {
      const log = await Deno.makeTempFile({ dir: data });
      const process = command(log, [port, databasePort, 0], flags).spawn();
      alive.add(process);
      const said = await eventually(async () => {
        const said = await Deno.readTextFile(log);
        return said.includes("Ctrl-C ends it.") ? said : undefined;
      }, 60);
      return {
        said,
        curl: (path: string, body?: Json) => curl(said, path, body),

        /** What it has printed beside what it said. */
        complaints: async () => (await Deno.readTextFile(`${log}.err`)).split("\n").filter((line) => line),

        database: () => postgres(/^Database +(.*)$/m.exec(said)?.[1] ?? "", { onnotice: () => {} }),

        /** Kills what it started by this command line, and gives that. */
        async killed(command: RegExp): Promise<string> {
          const line = (await descendants(process.pid)).find((line) => command.test(line)) ?? "";
          Deno.kill(parseInt(line), "SIGKILL");
          return line;
        },

        ended(signal: Deno.Signal) {
          alive.delete(process);
          return ended(process, signal);
        },
      };
    },

    /** Starts a stack that must refuse with 1, and gives all that it says; what it started has ended by then. */
    async refused(port: number, databasePort: number, mailPort = 0): Promise<string> {
      const { code, stderr } = await command("/dev/null", [port, databasePort, mailPort]).output();
      assertEquals(code, 1);
      return text(stderr).trimEnd();
    },

    async [Symbol.asyncDispose]() {
      for (const process of alive) await ended(process, "SIGKILL");
      await removeData(data);
    },
  };
}

/** The lines that a stack has printed to paste, run by a shell, with another path and perhaps a body. */
async function curl(said: string, path: string, body?: Json): Promise<Json> {
  const line = /^curl .*$/m.exec(said)?.[0] ?? "exit 1";
  const set = /^export API=.*$/m.exec(said)?.[0] ?? "exit 1";
  const sent = body ? ` -H "Content-Type: application/json" -d '${JSON.stringify(body)}'` : "";
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `${set}\n${line.replace("/referrals?limit=3", path)}${sent}`],
  }).output();
  return JSON.parse(text(stdout));
}

/** Ends a stack by this signal, waits until all that it started is gone too, and gives its exit code. */
async function ended(process: Deno.ChildProcess, signal: Deno.Signal): Promise<number> {
  const family = await descendants(process.pid);
  assertNotEquals(family, []);
  process.kill(signal);
  const { code } = await process.status;
  await eventually(async () => (await processes()).every(({ line }) => !family.includes(line)), 30);
  return code;
}

type Process = { pid: number; parent: number; line: string };

async function processes(): Promise<Process[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "pid=,ppid=,args="] }).output();
  return text(stdout).trim().split("\n").map((line) => {
    const [pid, parent] = line.trim().split(/\s+/, 2).map(Number);
    // The parent of an orphan changes; pids are used again, so a process is its pid and its command.
    return { pid, parent, line: line.trim().replace(/^(\d+)\s+\d+/, "$1") };
  });
}

/** All processes that this one started, and theirs. */
async function descendants(pid: number): Promise<string[]> {
  const all = await processes();
  const below = (parent: number): Process[] =>
    all.filter((process) => process.parent === parent).flatMap((process) => [process, ...below(process.pid)]);
  return below(pid).map(({ line }) => line);
}

/** A port that nobody has, below those that outgoing connections take. */
function freePort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch { /* taken: another one */ }
  }
}
