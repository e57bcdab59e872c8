import { join } from "node:path";
import { Refusal } from "./refusal.ts";

const path = (data: string) => join(data, "lock");

/** Makes the data folder this process's own, until the lock is disposed of or the process ends, however it ends. */
export async function lockData(data: string): Promise<Deno.FsFile> {
  const file = await Deno.open(path(data), { create: true, read: true, write: true, mode: 0o600 });
  if (await file.tryLock(true)) {
    await file.truncate();
    return file;
  }
  file.close();
  throw new Refusal(`A stack already runs on ${data}: stop it, or start this one with --data and other ports.`);
}

/** Leaves in the lock, for the operator's commands, which database this stack uses. */
export async function noteDatabase(lock: Deno.FsFile, databaseUrl: string): Promise<void> {
  await lock.write(new TextEncoder().encode(databaseUrl));
}

/** Gives the database of the stack that runs on this data folder, or undefined when none does. */
export async function runningDatabase(data: string): Promise<string | undefined> {
  try {
    using file = await Deno.open(path(data));
    if (await file.tryLock()) return undefined;
    return (await Deno.readTextFile(path(data))) || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
