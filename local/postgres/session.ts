import type postgres from "postgres";

/** What a session sets of its connection. */
interface Own {
  max: 1;
  max_lifetime: null;
  onclose: () => void;
}

/**
 * One connection, made with the first query, and given up for good when it is lost. postgres.js would make it again, but a
 * connection that breaks while something is being written leaves queries without an answer there, and itself useless.
 */
export class Session {
  readonly #sql: postgres.Sql;
  readonly #lost = Promise.withResolvers<never>();
  isLost = false;

  constructor(connect: (own: Own) => postgres.Sql) {
    this.#lost.promise.catch(() => {});
    this.#sql = connect({
      max: 1,
      max_lifetime: null,
      onclose: () => {
        this.isLost = true;
        this.#lost.reject(new LostConnection());
      },
    });
  }

  /** Gives what `use` gives; throws as soon as the connection is lost, and when it has been. */
  async run<T>(use: (sql: postgres.Sql) => Promise<T>): Promise<T> {
    if (this.isLost) throw new LostConnection();
    return await Promise.race([use(this.#sql), this.#lost.promise]);
  }

  /** Lets what is under way end, for a second. */
  async close(): Promise<void> {
    await this.#sql.end({ timeout: this.isLost ? 0 : 1 });
  }
}

class LostConnection extends Error {
  override message = "The connection to the database is lost";
  code = "CONNECTION_CLOSED";
}

/** Whether an error says no more than that the database is out of reach, or was lost: it may be back in a moment. */
export function isLostConnection(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(E[A-Z]+|CONNECT(ION)?_\w+|08...|57P0.|53300)$/.test(code);
}
