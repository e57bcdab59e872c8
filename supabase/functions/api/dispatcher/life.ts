/** What a worker of the platform has before it is ended, in milliseconds of CPU, and what our work costs of it. */
const cpu = { start: 170, claim: 3, delivery: 0.7, run: 6, budget: 1_000 };

const isHosted = "EdgeRuntime" in globalThis;
const unloading = new AbortController();
// The platform says so at half of a worker's time, and when half of its CPU is spent: it gets no more requests then.
globalThis.addEventListener("beforeunload", () => unloading.abort());

/**
 * How much longer this worker may take on work: on the platform its CPU is added up over all that it does, and it is ended at
 * once when that is spent. What is left to do then is another worker's.
 */
export class Life {
  readonly ending: AbortSignal;
  #left: number;

  constructor(budget = isHosted ? cpu.budget - cpu.start : Infinity, ending = unloading.signal) {
    this.#left = budget;
    this.ending = ending;
  }

  get isOver(): boolean {
    return this.ending.aborted || this.#left <= 0;
  }

  /** At most how many of `wanted` deliveries to claim now: few when little is left. */
  affordable(wanted: number): number {
    return Math.max(Math.min(wanted, Math.floor(this.#left / cpu.delivery)), 20);
  }

  spend(kind: "claim" | "delivery" | "run", count = 1) {
    this.#left -= count * cpu[kind];
  }
}

/** This worker's. */
export const life = new Life();
