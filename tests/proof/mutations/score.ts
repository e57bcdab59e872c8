import { matrix } from "../isolation/matrix.ts";
import { superuser } from "../isolation/snapshot.ts";
import { sql } from "../../world/world.ts";
import { copied, fateOf, functionMutants, sound } from "./function_mutants.ts";
import { grantMutants } from "./grants.ts";
import { type Fate, Trial } from "./mutant.ts";
import { policyMutants } from "./policies.ts";
import { referenceMutants } from "./references.ts";
import { sourceMutants } from "./sources.ts";

type Trying = { name: string; family: string; try: () => Promise<Fate> };

/** Tries mutants one after another: all, one of each family, or those whose name holds a text. */
export async function score(wanted: string): Promise<{ killed: number; survivors: string[] }> {
  // The seed's workspace is a third one, and the first that a query without a workspace would meet.
  await sql`delete from companies`;
  const { runner, parts } = await matrix();
  const cells = Object.values(parts).flat();
  const trial = new Trial(runner, cells);
  const databaseMutants = [...policyMutants, ...grantMutants, ...referenceMutants, ...sourceMutants];
  const all: Trying[] = [
    ...databaseMutants.map((mutant) => ({ ...mutant, try: () => trial.fateOf(mutant) })),
    ...functionMutants.map((mutant) => ({ ...mutant, try: () => fateOf(mutant, cells, runner) })),
  ];

  const tried = chosen(all, wanted);
  if (tried.some(({ family }) => family === copied)) {
    // One endpoint's cells are enough to see that a copy answers at all.
    const some = wanted === "sample" ? cells.filter(({ about }) => about.includes("get /contacts")) : cells;
    const { by: alarm } = await fateOf(sound, some, runner);
    if (alarm) throw new Error(`Red without any mutant: ${alarm}`);
  }

  const survivors: string[] = [];
  let killed = 0;
  for (const [family, mutants] of Map.groupBy(tried, ({ family }) => family)) {
    const started = Date.now();
    for (const mutant of mutants) {
      const { by, cells } = await mutant.try();
      if (by) killed++;
      else survivors.push(`${mutant.name} (${cells} cells)`);
      if (Deno.env.get("VERBOSE")) console.log(`  ${mutant.name}: ${by?.slice(0, 300) ?? "SURVIVED"}`);
    }
    console.log(`${family}: ${mutants.length} in ${((Date.now() - started) / 1_000).toFixed()} s`);
  }
  await superuser.end();
  await sql.end();
  return { killed, survivors };
}

function chosen(all: Trying[], wanted: string): Trying[] {
  if (wanted !== "sample") return all.filter(({ name, family }) => `${family}: ${name}`.includes(wanted));
  return [...Map.groupBy(all, ({ family }) => family).values()].map((mutants) => mutants[mutants.length >> 1]);
}
