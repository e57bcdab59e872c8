import { ResendError } from "./errors.ts";

const keptFor = 24 * 60 * 60 * 1_000;

type Use = { payload: string; since: number; mailId?: string };

/** What each `Idempotency-Key` of the last 24 hours was used for. */
export class IdempotencyKeys {
  #uses = new Map<string, Use>();

  /**
   * Gives the id of the mail that this key has sent already; else the key is in flight until `settle` or `release`. Throws a
   * ResendError for a malformed key, one in flight, and one that was used with another payload.
   */
  claim(key: string | undefined, payload: string, now = Date.now()): string | undefined {
    if (key === undefined) return undefined;
    if (key.length < 1 || key.length > 256) throw new ResendError("invalid_idempotency_key");
    this.#forget(now);
    const use = this.#uses.get(key);
    if (!use) {
      this.#uses.set(key, { payload, since: now });
      return undefined;
    }
    if (use.payload !== payload) throw new ResendError("invalid_idempotent_request");
    if (!use.mailId) throw new ResendError("concurrent_idempotent_requests");
    return use.mailId;
  }

  settle(key: string | undefined, mailId: string): void {
    const use = key === undefined ? undefined : this.#uses.get(key);
    if (use) use.mailId = mailId;
  }

  release(key: string | undefined): void {
    if (key !== undefined) this.#uses.delete(key);
  }

  #forget(now: number): void {
    for (const [key, { since }] of this.#uses) {
      if (now - since < keptFor) return;
      this.#uses.delete(key);
    }
  }
}
