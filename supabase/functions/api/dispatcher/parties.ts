import { KeptConnections } from "../webhooks/connections.ts";
import type { ClaimedDelivery } from "./claimed.ts";

export type Waiting = { claimed: ClaimedDelivery; until: number };
/** `delivery`: as the database gives it. */
export type Read = Waiting & { delivery: unknown };

/** What is claimed ahead for a receiver or workspace: what it can answer within a second, but no less than the first claim brings. */
const ahead = 1_000;
const leastAhead = 100;

/** What has a share of the sendings; `read`: of those `waiting`; `pace`: the milliseconds of a sending, of late. */
export class Party {
  sending = 0;
  waiting = 0;
  read = 0;
  pace = 1_000;

  constructor(readonly id: string, readonly most: number) {}

  get hasEnough() {
    return this.waiting > Math.max(leastAhead, ahead / this.pace * this.most);
  }
}

export class Workspace extends Party {
  readonly hosts = new Map<string, Host>();
}

export class Host extends Party {
  readonly kept = new KeptConnections();
  receivers = 0;
}

/** A subscription's endpoint. */
export class Receiver extends Party {
  named: Waiting[] = [];
  ready: Read[] = [];

  constructor(id: string, readonly workspace: Workspace, readonly host: Host) {
    super(id, host.most);
  }

  get parties(): Party[] {
    return [this, this.host, this.workspace];
  }

  get isIdle() {
    return this.waiting === 0 && this.sending === 0;
  }
}
