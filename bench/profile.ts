import { claimsOf, type Place } from "./databases.ts";
import { median, printTable } from "./measure.ts";
import { openExplainer } from "./plans.ts";

const runs = 11;
const dearest = 5;

/** Milliseconds of a statement in the database, and of the dearest statements inside it, each with what is inside of it. */
export type Profiled = { name: string; milliseconds: number; inside: { text: string; milliseconds: number }[] };

/** Where the time of each write goes: to the statements of its functions, triggers and foreign keys. */
export async function profile({ database, list }: Place): Promise<Profiled[]> {
  await using keyed = await openExplainer(database.url, "api_key", claimsOf(database));
  await using anonymous = await openExplainer(database.url, "anon", claimsOf(database, "anon"));
  const found: Profiled[] = [];
  for (const { name, role, isWrite, variants } of list) {
    if (!isWrite) continue;
    const explainer = role === "anon" ? anonymous : keyed;
    const all: number[] = [];
    const inside = new Map<string, number[]>();
    for (let run = 0; run < runs; run++) {
      const executed = await explainer.executed(variants[run % variants.length], true);
      all.push(executed.pop()!.milliseconds);
      const sums = new Map<string, number>();
      for (const { text, milliseconds } of executed) {
        const short = text.replaceAll(/\s+/g, " ").trim().slice(0, 90);
        sums.set(short, (sums.get(short) ?? 0) + milliseconds);
      }
      for (const [text, sum] of sums) inside.set(text, [...(inside.get(text) ?? []), sum]);
    }
    found.push({
      name,
      milliseconds: median(all),
      inside: [...inside].map(([text, sums]) => ({ text, milliseconds: median(sums) }))
        .sort((a, b) => b.milliseconds - a.milliseconds).slice(0, dearest),
    });
  }
  return found;
}

export function printProfile(profiled: Profiled[]): void {
  console.log("What the writes cost in the largest database, in ms, and what the dearest of the statements inside do");
  printTable(
    ["statement", "ms"],
    profiled.flatMap(({ name, milliseconds, inside }) => [
      [name, milliseconds.toFixed(2)],
      ...inside.map(({ text, milliseconds }) => [`  ${text}`, milliseconds.toFixed(2)]),
    ]),
  );
}
