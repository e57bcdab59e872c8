import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import { serviceDatabase } from "../data/service_database.ts";
import { causeOf, logError } from "../platform/log.ts";
import { Claimed } from "./claimed.ts";
import { type Life, life as ownLife } from "./life.ts";
import { Runner } from "./runner.ts";
import { Sender } from "./sender.ts";

const claimsFor = 60_000;
const mostDeliveries = 500;
/** So that sending begins soon, and goes on while the others are claimed. */
const firstDeliveries = 100;
const lookAgainAfter = 300;

const loops = new WeakMap<Config, Loop>();

/**
 * Works off what is due, until nothing is, or a minute or the worker's life has passed: then it wakes another for the rest. A
 * second call while it runs makes it look again. Never throws.
 */
export function dispatch(config: Config, life: Life = ownLife): Promise<void> {
  let loop = loops.get(config);
  if (loop) {
    loop.wake();
    return loop.ended;
  }
  loop = new Loop(config, life, () => loops.delete(config));
  loops.set(config, loop);
  return loop.ended;
}

class Loop {
  readonly ended: Promise<void>;
  readonly #database: Database;
  readonly #life: Life;
  readonly #sender: Sender;
  readonly #runner: Runner;
  #woken = true;
  #change = Promise.withResolvers<void>();

  constructor(config: Config, life: Life, stopsClaiming: () => void) {
    this.#database = serviceDatabase(config);
    this.#life = life;
    this.#sender = new Sender(config, this.#database, life, () => {
      this.#woken ||= this.#sender.wantsMore;
      this.#changed();
    });
    this.#runner = new Runner(config, this.#database, life, () => this.wake());
    this.ended = this.#work(stopsClaiming);
  }

  wake() {
    this.#woken = true;
    this.#changed();
  }

  async #work(stopsClaiming: () => void): Promise<void> {
    const ends = () => this.#changed();
    this.#life.ending.addEventListener("abort", ends);
    let isDone = false;
    try {
      const end = Date.now() + claimsFor;
      // One claim at least, so that a wake-up of this very worker does not go round and round.
      do isDone = !await this.#claim() && !await this.#nextWakeUp() && !await this.#lastLook(); while (
        !isDone && Date.now() < end && !this.#life.isOver
      );
    } catch (error) {
      // What is due stays due: the sweep wakes the next loop.
      logError("The outbox cannot be read", causeOf(error));
      isDone = true;
    } finally {
      stopsClaiming();
    }
    if (!isDone) await this.#handOver();
    while (!this.#isIdle) await this.#change.promise;
    await this.#sender.flush();
    this.#life.ending.removeEventListener("abort", ends);
  }

  async #handOver(): Promise<void> {
    await this.#database.ask((client) => client.rpc("wake_dispatcher"))
      .catch((error) => logError("The next dispatcher was not woken", causeOf(error)));
  }

  get #isIdle() {
    return this.#sender.isIdle && this.#runner.isIdle;
  }

  #changed() {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
  }

  /** Waits until there may be more to claim; false when nothing is under way that could bring it. */
  async #nextWakeUp(): Promise<boolean> {
    while (!this.#woken && !this.#isIdle && !this.#life.isOver) await this.#change.promise;
    return this.#woken || this.#life.isOver;
  }

  /**
   * Claims once more after a moment, or when it is woken: what was written while the wake-up was being answered had none of
   * its own. True when there was something.
   */
  async #lastLook(): Promise<boolean> {
    const timer = setTimeout(() => this.#changed(), lookAgainAfter);
    await this.#change.promise;
    clearTimeout(timer);
    return this.#woken || await this.#claim() || !this.#isIdle;
  }

  /** Takes what is due, but not for receivers that have enough, and starts on it; true when more is due. */
  async #claim(): Promise<boolean> {
    this.#woken = false;
    this.#life.spend("claim");
    const { deliveries, runs, more } = await this.#database.value(Claimed, (client) =>
      client.rpc("claim_work", {
        most_deliveries: this.#life.affordable(this.#sender.isWaiting ? mostDeliveries : firstDeliveries),
        most_runs: this.#runner.room,
        busy: this.#sender.busy(),
      }));
    this.#sender.add(deliveries);
    this.#runner.add(runs);
    return more;
  }
}
