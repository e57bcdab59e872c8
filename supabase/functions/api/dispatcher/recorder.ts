import type { Database } from "../data/database.ts";
import { causeOf, logError } from "../platform/log.ts";
import type { DeliveryOutcome } from "./deliver.ts";
import { eachOrHalves } from "./halves.ts";

const recordAfter = 80;
const recordAtOnce = 250;

/** Records outcomes a few milliseconds after the first, together; what cannot be recorded is delivered again. */
export class Recorder {
  /** Whether the database was away when it was asked last. */
  isBehind = false;
  readonly #database: Database;
  readonly #caughtUp: () => void;
  #waiting: DeliveryOutcome[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #recording: Promise<void> = Promise.resolve();

  constructor(database: Database, caughtUp: () => void) {
    this.#database = database;
    this.#caughtUp = caughtUp;
  }

  add(outcome: DeliveryOutcome) {
    this.#waiting.push(outcome);
    if (this.#waiting.length >= recordAtOnce) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), recordAfter);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#recording = this.#recording.then(() => this.#record());
    return this.#recording;
  }

  async #record(): Promise<void> {
    await eachOrHalves(
      this.#waiting.splice(0),
      (outcomes) => this.#database.ask((client) => client.rpc("record_deliveries", { outcomes })),
      (outcomes, error) => logError(`${outcomes.length} outcomes were not recorded`, causeOf(error)),
      () => this.isBehind = true,
    );
    if (!this.isBehind) return;
    this.isBehind = false;
    this.#caughtUp();
  }
}
