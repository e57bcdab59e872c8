import type { Config } from "../platform/config.ts";
import type { Database } from "../data/database.ts";
import { causeOf, logError } from "../platform/log.ts";
import { executeRun } from "../runs/execute.ts";
import { Job } from "../runs/job.ts";
import type { ClaimedRun } from "./claimed.ts";
import { isAway } from "./halves.ts";
import type { Life } from "./life.ts";
import { retryWhileAway } from "./retry_while_away.ts";

const most = 16;
/** What ends a dispatcher does so at once: one that only waits keeps nobody from running for longer. */
const aloneFor = 1_500;

/** Carries out the runs that were claimed. `ended` is called after each of them. */
export class Runner {
  readonly #config: Config;
  readonly #database: Pick<Database, "ask">;
  readonly #life: Life;
  readonly #ended: () => void;
  #running = 0;
  #isAlone = false;
  #quiet = Promise.withResolvers<void>();

  constructor(config: Config, database: Database, life: Life, ended: () => void) {
    this.#config = config;
    this.#database = { ask: (query) => retryWhileAway(() => database.ask(query)) };
    this.#life = life;
    this.#ended = ended;
  }

  get isIdle() {
    return this.#running === 0;
  }

  /** How many more may be claimed. */
  get room() {
    return this.#isAlone ? 0 : most - this.#running;
  }

  /** Starts the runs; those of one event go one after the other, in the order of their priority. */
  add(runs: ClaimedRun[]) {
    for (const ofEvent of Map.groupBy(runs, ({ event_id }) => event_id).values()) {
      this.#running += ofEvent.length;
      this.#runAll(ofEvent);
    }
  }

  async #runAll(runs: ClaimedRun[]): Promise<void> {
    for (const run of runs) {
      this.#life.spend("run");
      await (run.runs_alone ? this.#runAlone(run) : this.#run(run));
      this.#running--;
      this.#quiet.resolve();
      this.#quiet = Promise.withResolvers();
      this.#ended();
    }
  }

  /** Lets the others end, and no new ones begin, but holds them up for a moment only. */
  async #runAlone(run: ClaimedRun): Promise<void> {
    this.#isAlone = true;
    let isLate = false;
    let timer = setTimeout(() => {
      isLate = true;
      this.#quiet.resolve();
    }, aloneFor);
    while (this.#running > 1 && !isLate) await this.#quiet.promise;
    clearTimeout(timer);
    timer = setTimeout(() => {
      this.#isAlone = false;
      this.#ended();
    }, aloneFor);
    await this.#run(run);
    clearTimeout(timer);
    this.#isAlone = false;
  }

  async #run({ run_id }: ClaimedRun): Promise<void> {
    const job = await this.#read(run_id);
    if (!job) return;
    await executeRun(job, this.#database, this.#config).catch((error) =>
      logError("A run was interrupted", { run_id, ...causeOf(error) })
    );
  }

  /** Undefined for a run that is gone, cannot be read now, or never: the last one has failed then. */
  async #read(run_id: string): Promise<Job | undefined> {
    try {
      const { data } = await this.#database.ask((client) => client.rpc("run_job", { run_id }));
      return data === null ? undefined : Job.parse(data);
    } catch (error) {
      logError("A run cannot be read", { run_id, ...causeOf(error) });
      if (!isAway(error)) await this.#fail(run_id);
    }
  }

  async #fail(run_id: string): Promise<void> {
    await this.#database.ask((client) =>
      client.rpc("finish_run", { run_id, status: "failed", actions_total: 0, error: "The run cannot be read." })
    ).catch((error) => logError("A run was not ended", { run_id, ...causeOf(error) }));
  }
}
