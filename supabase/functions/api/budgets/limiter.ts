import type { ApiKey } from "../data/clients.ts";
import { Database } from "../data/database.ts";
import type { Config } from "../platform/config.ts";
import { inBackground } from "../platform/background.ts";
import { ApiError } from "../contract/errors.ts";
import { Allowance, rateLimitHeaders, spentBudget } from "./allowance.ts";
import { KeyBudget } from "./key_budget.ts";

const budgets = new WeakMap<ApiKey, KeyBudget>();

/** One request of a key, as its budgets see it. */
export class Metered {
  readonly #budget: KeyBudget;
  readonly #database: Database;
  readonly #cost: number;
  #charge: string | null = null;
  #spent: Allowance | null = null;

  /** `cost` in credits, where the key is metered. */
  constructor(config: Config, key: ApiKey, cost: number) {
    this.#database = new Database(config, key, null, null);
    this.#cost = cost;
    let budget = budgets.get(key);
    if (!budget) {
      const database = this.#database;
      budgets.set(key, budget = new KeyBudget((count, cost) => ask(database, count, cost)));
    }
    this.#budget = budget;
  }

  /** Throws 401 for a dead key, 429 when a budget is spent. When the limiter is out of reach, nobody is refused. */
  async take(): Promise<void> {
    if (this.#cost === 0 || this.#budget.isFree) {
      if (!await this.#budget.take()) this.#refuse(this.#budget.known?.allowance);
      return;
    }
    const allowance = await this.#budget.charge(this.#cost);
    if (!allowance) return;
    if (allowance.taken === 0) this.#refuse(allowance);
    this.#charge = allowance.charge;
    this.#spent = allowance;
  }

  /** Throws 403 when the key is metered and has not enough credits left. */
  requireCredits(): void {
    if (this.#spent === null || this.#spent.credits_remaining === null || this.#charge) return;
    throw new ApiError(
      "INSUFFICIENT_CREDITS",
      `This call takes ${this.#cost} credits, and ${this.#spent.credits_remaining} are left of this month's.`,
    );
  }

  /** Has what the call was charged given back: it did not succeed. */
  giveBack(): void {
    if (!this.#charge) return;
    const charge = this.#charge;
    this.#charge = null;
    inBackground(this.#database.ask((client) => client.rpc("give_back_credits", { charge })).catch(() => {}));
  }

  /** Whether the request will likely be let through. */
  get isLikely(): boolean {
    return this.#budget.hasRoom;
  }

  get creditsRemaining(): number | null {
    return (this.#spent ?? this.#budget.known?.allowance)?.credits_remaining ?? null;
  }

  /** None before the limiter has answered once. */
  get headers(): Record<string, string> {
    const { known } = this.#budget;
    return known ? rateLimitHeaders(known.allowance, known.age, known.leased) : {};
  }

  #refuse(allowance: Allowance | undefined): never {
    if (!allowance) throw new Error("Nothing is known of the budget that refuses.");
    const { title, wait } = spentBudget(allowance);
    throw new ApiError("RATE_LIMITED", `This API key has spent its ${title}.`, {
      budget: title,
      headers: { "Retry-After": String(wait) },
    });
  }
}

async function ask(database: Database, count: number, cost: number): Promise<Allowance | null> {
  try {
    return await database.value(Allowance, (client) => client.rpc("take_requests", { count, cost }));
  } catch (error) {
    // A dead key, or one that has all its slots in use, is a refusal; everything else is the limiter's own trouble.
    if (error instanceof ApiError && ["UNAUTHORIZED", "RATE_LIMITED"].includes(error.code)) throw error;
    return null;
  }
}
