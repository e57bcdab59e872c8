/** The middle of `values`, the mean of the middle two when there is none. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Measures each contender once a round, in turns, every second round backwards, so that what slows the machine slows all.
 * The first round warms up and does not count.
 */
export async function interleave<Name extends string>(
  rounds: number,
  contenders: Record<Name, () => Promise<number>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 ? names : names.toReversed()) {
      const value = await contenders[name]();
      if (round > 0) measured[name].push(value);
    }
  }
  return measured;
}

/** The median of the quotients of each round, with the least and the greatest: `2.31 (2.20 to 2.44)`. */
export function ratio(values: number[], base: number[]): { middle: number; text: string } {
  const quotients = values.map((value, round) => value / base[round]);
  const middle = median(quotients);
  const range = `${Math.min(...quotients).toFixed(2)} to ${Math.max(...quotients).toFixed(2)}`;
  return { middle, text: `${middle.toFixed(2)} (${range})` };
}

/** Prints rows under their headings, in columns as wide as they need. */
export function printTable(headings: string[], rows: string[][]): void {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i].length)));
  const line = (cells: string[]) => cells.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd();
  for (const cells of [headings, widths.map((width) => "-".repeat(width)), ...rows]) console.log(line(cells));
  console.log();
}

export const atMost = (limit: number, value: number) => verdict(value <= limit, `at most ${limit}`);
export const atLeast = (limit: number, value: number) => verdict(value >= limit, `at least ${limit}`);
const verdict = (met: boolean, target: string) => `${target}: ${met ? "met" : "MISSED"}`;
