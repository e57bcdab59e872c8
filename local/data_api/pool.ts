import type { Session } from "../postgres/session.ts";

const most = 10;

export interface Pool {
  /** Lends a connection to one caller, who waits for one when all are lent. */
  reserve(): Promise<Lent>;
  close(): Promise<void>;
}

export interface Lent {
  readonly session: Session;
  release(): void;
}

/** Keeps up to ten connections; one that was lost is replaced by what `open` gives. */
export function createPool(open: () => Session): Pool {
  const kept = new Set<Session>();
  const idle: Session[] = [];
  const waiting: ((session: Session) => void)[] = [];
  let lent = 0;

  function alive(session: Session | undefined): Session {
    if (session && !session.isLost) return session;
    if (session) kept.delete(session);
    const fresh = open();
    kept.add(fresh);
    return fresh;
  }

  async function take(): Promise<Session> {
    if (lent === most) return await new Promise((resolve) => waiting.push(resolve));
    lent += 1;
    return alive(idle.pop());
  }

  function giveBack(session: Session): void {
    const next = waiting.shift();
    if (next) return next(alive(session));
    lent -= 1;
    idle.push(session);
  }

  return {
    async reserve() {
      const session = await take();
      return { session, release: () => giveBack(session) };
    },
    async close() {
      await Promise.all([...kept].map((session) => session.close()));
    },
  };
}
