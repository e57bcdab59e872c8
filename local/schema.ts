import { dirname, join } from "node:path";
import { requireSuperuser } from "./postgres/connection.ts";
import { keepGenerated, output, root } from "./generated.ts";
import { leash } from "./leash.ts";
import { migrate } from "./postgres/migrations.ts";
import { claimPort } from "./ports.ts";
import { acceptsBeforeItEnds } from "./postgres/server.ts";
import { unprivileged } from "./postgres/home.ts";
import { Refusal } from "./refusal.ts";

// `deno task schema`: writes supabase/schema.sql, all that the migrations come to, from the database of DATABASE_URL or from one
// of its own, made by the programs beside pg_dump. With --check it only says whether the file fits. It takes PostgreSQL 15's
// pg_dump, since each version writes another text: Debian's, PG_DUMP or the first of the PATH.
const debian = "/usr/lib/postgresql/15/bin/pg_dump";
const header =
  `-- All that the migrations come to, as pg_dump of PostgreSQL 15 writes it: to read and to compare, never to run. Written by
-- \`deno task schema\`.

`;

await keepGenerated("schema", "supabase/schema.sql", async (folder) => {
  const pgDump = Deno.env.get("PG_DUMP") || (await exists(debian) ? debian : "pg_dump");
  const version = (await output(pgDump, ["--version"])).trim();
  if (!/\s15\.\d/.test(version)) throw new Refusal(`${pgDump} is ${version}: set PG_DUMP to PostgreSQL 15's.`);
  const databaseUrl = Deno.env.get("DATABASE_URL");
  if (!databaseUrl) return await withServer(dirname(pgDump), folder, (url) => dump(pgDump, url));
  await requireSuperuser(databaseUrl);
  return await dump(pgDump, databaseUrl);
});

async function dump(pgDump: string, databaseUrl: string): Promise<string> {
  await migrate(databaseUrl, join(root, "supabase"));
  const what = ["--schema-only", "--no-owner", "--schema=public", "--schema=private", "--schema=data_api"];
  return header + bare(await output(pgDump, [...what, databaseUrl]));
}

/** Without what another run, another patch of PostgreSQL or another platform would write differently, and without titles. */
function bare(text: string): string {
  return text
    .replaceAll(/^--\n(?:-- .*\n)+--\n/gm, "")
    .replaceAll(/^-- Dumped .*\n/gm, "")
    .replaceAll(/^\\(?:un)?restrict .*\n/gm, "")
    .replaceAll(/^(?:SET|SELECT pg_catalog\.set_config).*;\n/gm, "")
    .replaceAll(/^ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin .*\n/gm, "")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim() + "\n";
}

/** Gives `use` the superuser's URL of a new cluster, and ends it. */
async function withServer<T>(programs: string, folder: string, use: (superuserUrl: string) => Promise<T>): Promise<T> {
  const [initdb, postgres] = ["initdb", "postgres"].map((name) => programs === "." ? name : join(programs, name));
  const owner = await unprivileged();
  const run = { ...owner, cwd: folder, env: { PATH: Deno.env.get("PATH") ?? "", LC_ALL: "C", TZ: "UTC" } };
  const cluster = join(folder, "cluster");
  await Deno.mkdir(cluster, { mode: 0o700 });
  if (owner) {
    await Deno.chmod(folder, 0o711);
    await Deno.chown(cluster, owner.uid, owner.gid);
  }
  const made = ["--username=supabase_admin", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
  await output(initdb, [`--pgdata=${cluster}`, ...made], run);

  const port = claimPort(0, "");
  const superuserUrl = `postgres://supabase_admin@127.0.0.1:${port}/postgres`;
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"];
  const log = join(cluster, "server.log");
  const server = leash(
    postgres,
    ["-D", cluster, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
    { ...run, signal: "INT", log },
  );
  try {
    if (!await acceptsBeforeItEnds(superuserUrl, server)) {
      throw new Refusal(`${postgres} did not start: ${(await Deno.readTextFile(log)).trim()}`);
    }
    return await use(superuserUrl);
  } finally {
    await server.end();
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
