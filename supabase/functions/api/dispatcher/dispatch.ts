import { z } from "zod";
import { executeRun } from "../runs/execute.ts";
import { Job } from "../runs/job.ts";
import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import { causeOf, logError } from "../platform/log.ts";
import { KeptConnections } from "../webhooks/connections.ts";
import { deliver, Delivery } from "./deliver.ts";
import { retryWhileAway } from "./retry_while_away.ts";
import { serviceDatabase } from "../data/service_database.ts";
import { Recorder } from "./recorder.ts";

// The rest is read when its turn comes: one workspace's odd row must not keep the others' work from being claimed.
const ClaimedDelivery = z.looseObject({ subscription_id: z.string() });
type ClaimedDelivery = z.output<typeof ClaimedDelivery>;

/** A run that `runs_alone` may be what ended dispatchers before this one. */
const ClaimedJob = z.looseObject({ event_id: z.string(), runs_alone: z.boolean() });
type ClaimedJob = z.output<typeof ClaimedJob>;

/** What `private.claim_work` gives. */
const Work = z.object({ deliveries: z.array(ClaimedDelivery), runs: z.array(ClaimedJob), more: z.boolean() });

const claimsFor = 60_000;
const mostDeliveries = 500;
/** So that sending begins soon, and goes on while the others are claimed. */
const firstDeliveries = 100;
const mostRuns = 16;
const mostSending = 128;
/** So that a hanging receiver holds few of the sendings at once. */
const mostSendingTo = 8;
/** What is claimed ahead for a receiver: what it can answer within a second, but at least so many. */
const ahead = 1_000;
const leastAhead = 100;
const mostWaiting = 2_000;
/** Shorter than the lease in the database, by a sending's deadline: what waited longer is left to who claims it next. */
const freshFor = 40_000;
const lookAgainAfter = 300;

const loops = new WeakMap<Config, Loop>();

/** Works off what is due, until nothing is or a minute has passed. A second call while it runs makes it look again. Never throws. */
export function dispatch(config: Config): Promise<void> {
  let loop = loops.get(config);
  if (loop) {
    loop.wake();
    return loop.ended;
  }
  loop = new Loop(config, () => loops.delete(config));
  loops.set(config, loop);
  return loop.ended;
}

/** `sated`: it had enough when work was last claimed; `pace`: the milliseconds of a sending, of late. */
type Receiver = {
  waiting: { delivery: ClaimedDelivery; until: number }[];
  sending: number;
  pace: number;
  sated: boolean;
  kept: KeptConnections;
};

const hasEnough = ({ waiting, pace }: Receiver) => waiting.length >= Math.max(leastAhead, ahead / pace * mostSendingTo);

class Loop {
  readonly ended: Promise<void>;
  readonly #config: Config;
  readonly #database: Database;
  readonly #receivers = new Map<string, Receiver>();
  readonly #records: Recorder;
  #sending = 0;
  #running = 0;
  #runsAlone = false;
  #woken = true;
  #change = Promise.withResolvers<void>();

  constructor(config: Config, stopsClaiming: () => void) {
    this.#config = config;
    this.#database = serviceDatabase(config);
    this.#records = new Recorder(this.#database, () => {
      this.#startSending();
      this.#changed();
    });
    this.ended = this.#work(stopsClaiming);
  }

  wake() {
    this.#woken = true;
    this.#changed();
  }

  async #work(stopsClaiming: () => void): Promise<void> {
    try {
      for (const end = Date.now() + claimsFor; Date.now() < end;) {
        if (!await this.#claim() && !await this.#nextWakeUp() && !await this.#lastLook()) break;
        while (this.#waiting > mostWaiting) await this.#change.promise;
      }
    } catch (error) {
      // What is due stays due: the sweep wakes the next loop.
      logError("The outbox cannot be read", causeOf(error));
    } finally {
      stopsClaiming();
    }
    while (this.#busy) await this.#change.promise;
    await this.#records.flush();
  }

  get #busy() {
    return this.#sending > 0 || this.#running > 0 || this.#waiting > 0;
  }

  get #waiting() {
    return [...this.#receivers.values()].reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  #changed() {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
  }

  /** Waits until there may be more to claim; false when nothing is under way that could bring it. */
  async #nextWakeUp(): Promise<boolean> {
    while (!this.#woken && this.#busy) await this.#change.promise;
    return this.#woken;
  }

  /**
   * Claims once more after a moment, or when it is woken: what was written while the wake-up was being answered had none of
   * its own. True when there was something.
   */
  async #lastLook(): Promise<boolean> {
    const timer = setTimeout(() => this.#changed(), lookAgainAfter);
    await this.#change.promise;
    clearTimeout(timer);
    return this.#woken || await this.#claim() || this.#busy;
  }

  /** Takes what is due, but not for receivers that have enough, and starts on it; true when more is due. */
  async #claim(): Promise<boolean> {
    this.#woken = false;
    const sated = [...this.#receivers].filter(([, receiver]) => hasEnough(receiver));
    for (const [, receiver] of sated) receiver.sated = true;
    const { deliveries, runs, more } = await this.#database.value(Work, (client) =>
      client.rpc("claim_work", {
        most_deliveries: this.#waiting > 0 ? mostDeliveries : firstDeliveries,
        most_runs: this.#runsAlone ? 0 : mostRuns - this.#running,
        busy: sated.map(([id]) => id),
      }));
    const until = Date.now() + freshFor;
    for (const delivery of deliveries) this.#receiver(delivery).waiting.push({ delivery, until });
    this.#startSending();
    this.#startRunning(runs);
    return more;
  }

  #receiver({ subscription_id }: ClaimedDelivery): Receiver {
    let receiver = this.#receivers.get(subscription_id);
    if (!receiver) {
      receiver = { waiting: [], sending: 0, pace: 1_000, sated: false, kept: new KeptConnections() };
      this.#receivers.set(subscription_id, receiver);
    }
    return receiver;
  }

  /** Starts nothing while outcomes wait for the database: what is sent then may have to be sent again. */
  #startSending() {
    if (this.#records.isBehind) return;
    for (const [id, receiver] of this.#receivers) {
      while (receiver.waiting.length > 0 && receiver.sending < mostSendingTo && this.#sending < mostSending) {
        const { delivery, until } = receiver.waiting.shift()!;
        if (Date.now() < until) this.#send(receiver, delivery);
      }
      if (receiver.waiting.length === 0 && receiver.sending === 0) {
        this.#receivers.delete(id);
        receiver.kept.close();
      }
    }
  }

  async #send(receiver: Receiver, delivery: ClaimedDelivery): Promise<void> {
    receiver.sending++;
    this.#sending++;
    const outcome = await Delivery.parseAsync(delivery)
      .then((read) => deliver(read, receiver.kept, this.#config))
      .catch((error) => logError("A delivery was interrupted", causeOf(error)));
    if (outcome) {
      this.#records.add(outcome);
      receiver.pace += (outcome.duration_ms - receiver.pace) / 10;
    }
    receiver.sending--;
    this.#sending--;
    if (receiver.sated && !hasEnough(receiver)) {
      receiver.sated = false;
      this.#woken = true;
    }
    this.#startSending();
    this.#changed();
  }

  /** The runs of one event one after the other, in the order of their priority. */
  #startRunning(jobs: ClaimedJob[]) {
    this.#runsAlone ||= jobs.some((job) => job.runs_alone);
    for (const ofEvent of Map.groupBy(jobs, ({ event_id }) => event_id).values()) {
      this.#running += ofEvent.length;
      this.#run(ofEvent);
    }
  }

  async #run(jobs: ClaimedJob[]): Promise<void> {
    const patient: Pick<Database, "ask"> = { ask: (query) => retryWhileAway(() => this.#database.ask(query)) };
    for (const job of jobs) {
      while (job.runs_alone && this.#running > 1) await this.#change.promise;
      await Job.parseAsync(job).then((read) => executeRun(read, patient, this.#config)).catch((error) =>
        logError("A run was interrupted", causeOf(error))
      );
      this.#running--;
      if (job.runs_alone) this.#runsAlone = false;
    }
    this.#woken = true;
    this.#changed();
  }
}
