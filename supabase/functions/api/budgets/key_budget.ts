import { inBackground } from "../platform/background.ts";
import { type Allowance, isPlenty, roomIn } from "./allowance.ts";

/** Takes that many requests, and credits, of the key's budgets; null when the limiter is out of reach. */
export type Ask = (count: number, cost: number) => Promise<Allowance | null>;

/** How long what was set aside may be spent from memory. */
const leaseTime = 10_000;
const largestLease = 8;

/**
 * What this isolate knows of one key's budgets. It sets requests aside, one ahead of a caller without haste, up to eight while
 * they are spent within a second, and spends those from memory; one call at a time asks for all who wait.
 */
export class KeyBudget {
  #known: { allowance: Allowance; at: number } | null = null;
  #lease = { left: 0, size: 1, at: -Infinity };
  #last = -Infinity;
  #waiting: PromiseWithResolvers<boolean>[] = [];
  #asking = false;
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** The last answer, how many seconds old it is, and what is set aside; null before the first. */
  get known(): { allowance: Allowance; age: number; leased: number } | null {
    if (!this.#known) return null;
    const { allowance, at } = this.#known;
    return { allowance, age: (performance.now() - at) / 1_000, leased: this.#isHeld ? this.#lease.left : 0 };
  }

  /** Whether the key is known not to be metered. */
  get isFree(): boolean {
    return this.#known?.allowance.credits_remaining === null && performance.now() - this.#known.at < leaseTime;
  }

  /** Whether one more request will likely be let through, as far as this isolate knows. */
  get hasRoom(): boolean {
    const { known } = this;
    return !known || known.leased > 0 || roomIn(known.allowance, known.age) > this.#waiting.length;
  }

  /** Whether one request may be made. Throws what the limiter refuses with: 401 for a dead key. */
  async take(): Promise<boolean> {
    const isActive = this.#isActive();
    if (!this.#isHeld || this.#lease.left === 0) return await this.#wait(isActive);
    this.#lease.left -= 1;
    if (this.#lease.left === 0 && this.#mayLease) this.#refill();
    return true;
  }

  /** Takes one request with so many credits, by a call of its own. */
  async charge(cost: number): Promise<Allowance | null> {
    const isActive = this.#isActive();
    const allowance = await this.#ask(1, cost);
    if (allowance) this.#know(allowance);
    if (isActive && this.isFree && this.#mayLease) this.#refill();
    return allowance;
  }

  get #isHeld(): boolean {
    return performance.now() - this.#lease.at < leaseTime;
  }

  get #mayLease(): boolean {
    return !this.#known || isPlenty(this.#known.allowance);
  }

  // What is set aside for somebody who does not come again would be lost to them.
  #isActive(): boolean {
    const isActive = performance.now() - this.#last < leaseTime || !this.#known;
    this.#last = performance.now();
    return isActive;
  }

  #refill(): void {
    inBackground(this.#askForAll(true).catch(() => {}));
  }

  async #wait(isActive: boolean): Promise<boolean> {
    const one = Promise.withResolvers<boolean>();
    this.#waiting.push(one);
    if (!this.#asking) this.#askForAll(isActive).catch(() => {});
    return await one.promise;
  }

  async #askForAll(isActive: boolean): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (await this.#askOnce(isActive));
    } finally {
      this.#asking = false;
    }
  }

  /** Says whether to ask once more: for those who came meanwhile, or because they took what was set aside. */
  async #askOnce(isActive: boolean): Promise<boolean> {
    const served = this.#waiting.splice(0);
    const ahead = isActive && this.#mayLease ? this.#nextSize() : 0;
    try {
      const allowance = await this.#ask(served.length + ahead, 0);
      if (allowance) this.#know(allowance);
      const taken = allowance ? allowance.taken : Infinity;
      served.forEach((one, at) => one.resolve(at < taken));
      const more = allowance ? Math.max(0, taken - served.length) : 0;
      const meanwhile = this.#waiting.splice(0, more);
      for (const one of meanwhile) one.resolve(true);
      this.#lease = { left: more - meanwhile.length, size: this.#lease.size, at: performance.now() };
      if (more > 0 && more === meanwhile.length && this.#mayLease) return true;
    } catch (error) {
      for (const one of served) one.reject(error);
    }
    return this.#waiting.length > 0;
  }

  #nextSize(): number {
    const { size, at } = this.#lease;
    return this.#lease.size = performance.now() - at < 1_000 ? Math.min(2 * size, largestLease) : 1;
  }

  #know(allowance: Allowance): void {
    this.#known = { allowance, at: performance.now() };
  }
}
