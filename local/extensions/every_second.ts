import type postgres from "postgres";
import { openSession } from "../postgres/connection.ts";
import { isLostConnection } from "../postgres/session.ts";

export interface Beat {
  /** Has the work done again at once. */
  now(): void;
  /** Gives `use` the connection of the work. */
  run<T>(use: (sql: postgres.Sql) => Promise<T>): Promise<T>;
  /** Lets the work under way end, for a second, and has no more done. */
  stop(): Promise<void>;
}

/**
 * Does some work in the database once a second and whenever asked, one at a time, on a connection of its own; `isNew` says
 * that it is another one than before. A database that is away is waited for in silence; what else goes wrong is said once.
 * `notified` is called for what the connection listens to.
 */
export function everySecond(
  url: string,
  work: (sql: postgres.Sql, isNew: boolean) => Promise<void>,
  notified: (channel: string, payload: string) => void = () => {},
): Beat {
  const open = () => openSession(url, {}, notified);
  let session = open();
  let isNew = true;
  let ask = () => {};
  let asked = false;
  let stopped = false;
  let said = "";

  async function beat(): Promise<void> {
    asked = false;
    try {
      if (session.isLost) {
        await session.close();
        session = open();
        isNew = true;
      }
      await session.run((sql) => work(sql, isNew));
      isNew = false;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!stopped && !isLostConnection(error) && message !== said) console.error(said = message);
    }
  }

  async function repeat(): Promise<void> {
    while (!stopped) {
      await beat();
      if (stopped || asked) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        ask = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  const repeated = repeat();
  return {
    now() {
      asked = true;
      ask();
    },
    run: (use) => session.run(use),
    async stop() {
      stopped = true;
      ask();
      await session.close();
      await repeated;
    },
  };
}
