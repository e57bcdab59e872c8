import { z } from "zod";
import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import { causeOf, logError } from "../platform/log.ts";
import type { ClaimedDelivery } from "./claimed.ts";
import { deliver, Delivery, type DeliveryOutcome, failure, unreadable } from "./deliver.ts";
import { eachOrHalves } from "./halves.ts";
import type { Life } from "./life.ts";
import type { Receiver, Waiting } from "./parties.ts";
import { Receivers } from "./receivers.ts";
import { Recorder } from "./recorder.ts";

const mostReading = 2;
const readTogether = 500;
/** Shorter than the lease, by a sending's deadline and the time that an outcome is kept: what waited longer is left to it. */
const freshFor = 25_000;

const Jobs = z.array(z.looseObject({ id: z.string() }));

/** Sends the deliveries that were claimed, each read a moment before. `changed` is called when something was done. */
export class Sender {
  readonly #config: Config;
  readonly #database: Database;
  readonly #life: Life;
  readonly #changed: () => void;
  readonly #receivers = new Receivers();
  readonly #records: Recorder;
  #reading = 0;

  constructor(config: Config, database: Database, life: Life, changed: () => void) {
    this.#config = config;
    this.#database = database;
    this.#life = life;
    this.#changed = changed;
    this.#records = new Recorder(database, () => this.#goOn());
  }

  get isIdle() {
    return this.#receivers.isIdle;
  }

  get isWaiting() {
    return this.#receivers.waiting > 0;
  }

  get wantsMore() {
    return this.#receivers.wantMore;
  }

  busy(): string[] {
    return this.#receivers.busy();
  }

  add(deliveries: ClaimedDelivery[]) {
    const until = Date.now() + freshFor;
    for (const delivery of deliveries) this.#receivers.add(delivery, until);
    this.#goOn();
  }

  flush(): Promise<void> {
    return this.#records.flush();
  }

  #goOn() {
    this.#startReading();
    this.#startSending();
    this.#changed();
  }

  #startReading() {
    while (this.#reading < mostReading) {
      const chunk = this.#receivers.toRead(readTogether);
      if (chunk.length === 0) return;
      this.#read(chunk);
    }
  }

  async #read(chunk: [Receiver, Waiting][]): Promise<void> {
    this.#reading++;
    await eachOrHalves(
      chunk,
      async (some) => {
        const ids = some.map(([, { claimed }]) => claimed.id);
        const jobs = await this.#database.value(Jobs, (client) => client.rpc("delivery_jobs", { ids }));
        const found = new Map(jobs.map((job) => [job.id, job]));
        for (const [receiver, waiting] of some) {
          const delivery = found.get(waiting.claimed.id);
          if (delivery) receiver.ready.push({ ...waiting, delivery });
          else this.#giveUp(receiver, waiting, true);
        }
      },
      (some, error, isThere) => {
        logError(`${some.length} deliveries could not be read`, causeOf(error));
        for (const [receiver, waiting] of some) this.#giveUp(receiver, waiting, isThere);
      },
    );
    for (const [receiver] of chunk) this.#receivers.forget(receiver);
    this.#reading--;
    this.#goOn();
  }

  /** Forgets a delivery that is not to be sent, which is somebody else's after its lease unless it `isUnreadable`. */
  #giveUp(receiver: Receiver, { claimed }: Waiting, isUnreadable: boolean) {
    if (isUnreadable) this.#records.add(failure(claimed, unreadable));
    this.#receivers.leaves(receiver);
  }

  /** Starts nothing while outcomes wait for the database: what is sent then may have to be sent again. */
  #startSending() {
    if (this.#records.isBehind) return;
    for (const receiver of this.#receivers.turns()) {
      const { claimed, until, delivery } = receiver.ready.shift()!;
      this.#receivers.leaves(receiver);
      if (Date.now() < until) this.#send(receiver, claimed, delivery);
      else this.#receivers.forget(receiver);
    }
  }

  async #send(receiver: Receiver, claimed: ClaimedDelivery, read: unknown): Promise<void> {
    this.#receivers.begins(receiver);
    this.#life.spend("delivery");
    const outcome = await this.#outcome(receiver, claimed, read);
    this.#records.add(outcome);
    this.#receivers.ends(receiver, outcome.is_ours ? undefined : outcome.duration_ms);
    this.#receivers.forget(receiver);
    this.#goOn();
  }

  async #outcome(receiver: Receiver, claimed: ClaimedDelivery, read: unknown): Promise<DeliveryOutcome> {
    try {
      return await deliver(Delivery.parse(read), receiver.host.kept, this.#config);
    } catch (error) {
      logError("A delivery was interrupted", causeOf(error));
      return failure(claimed, unreadable);
    }
  }
}
