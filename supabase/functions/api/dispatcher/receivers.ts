import type { ClaimedDelivery } from "./claimed.ts";
import { Host, type Party, Receiver, type Waiting, Workspace } from "./parties.ts";

const mostSending = 128;
const mostWaiting = 2_000;
/** What is read ahead takes memory. */
const mostRead = 1_500;

/**
 * Who waits for deliveries, and whose turn it is. A workspace has a third of the sendings that nobody else uses, a host a third
 * of its workspace's: 32 and 8 when they are alone, and fewer the more there are, so that there is always room for one more.
 */
export class Receivers {
  sending = 0;
  waiting = 0;
  read = 0;
  readonly #receivers = new Map<string, Receiver>();
  readonly #workspaces = new Map<string, Workspace>();
  #sated: Receiver[] = [];

  get isIdle() {
    return this.sending === 0 && this.waiting === 0;
  }

  add(claimed: ClaimedDelivery, until: number) {
    const receiver = this.#receiver(claimed);
    receiver.named.push({ claimed, until });
    this.waiting++;
    for (const party of receiver.parties) party.waiting++;
  }

  /** One that was read does not wait any more. */
  leaves(receiver: Receiver) {
    this.waiting--;
    this.read--;
    for (const party of receiver.parties) {
      party.waiting--;
      party.read--;
    }
  }

  /** Those to claim nothing for now. */
  busy(): string[] {
    this.#sated = [...this.#receivers.values()].filter((receiver) => this.#isSated(receiver));
    const workspaces = [...this.#workspaces.values()].filter((workspace) => this.#hasEnough(workspace));
    return [...this.#sated, ...workspaces].map(({ id }) => id);
  }

  /** Whether one of those may have more claimed again. */
  get wantMore() {
    return this.#sated.some((receiver) => !this.#isSated(receiver));
  }

  /** At most so many that are to be read now, shared out among those who have little ahead. */
  toRead(most: number): [Receiver, Waiting][] {
    const wanting = [...this.#receivers.values()].filter((receiver) =>
      receiver.named.length > 0 && this.#hasLittleAhead(receiver)
    );
    const chunk: [Receiver, Waiting][] = [];
    for (const receiver of wanting) {
      const count = Math.min(Math.ceil(most / wanting.length), most - chunk.length);
      const taken = receiver.named.splice(0, count);
      this.read += taken.length;
      for (const party of receiver.parties) party.read += taken.length;
      for (const waiting of taken) chunk.push([receiver, waiting]);
    }
    return chunk;
  }

  /** The receivers whose turn it is, one sending each; who has had one comes last the next time. */
  *turns(): Generator<Receiver> {
    for (let isGoing = true; isGoing;) {
      isGoing = false;
      for (const receiver of [...this.#receivers.values()]) {
        if (receiver.ready.length === 0 || !this.#hasRoom(receiver)) continue;
        this.#receivers.delete(receiver.id);
        this.#receivers.set(receiver.id, receiver);
        isGoing = true;
        yield receiver;
      }
    }
  }

  begins(receiver: Receiver) {
    this.sending++;
    for (const party of receiver.parties) party.sending++;
  }

  ends(receiver: Receiver, durationMs: number | undefined) {
    this.sending--;
    for (const party of receiver.parties) {
      party.sending--;
      if (durationMs !== undefined) party.pace += (durationMs - party.pace) / 10;
    }
  }

  /** Forgets a receiver that nothing waits for; closes what its host has left open when nobody else is there. */
  forget(receiver: Receiver) {
    const { id, host, workspace } = receiver;
    if (!receiver.isIdle || this.#receivers.get(id) !== receiver) return;
    this.#receivers.delete(id);
    if (--host.receivers > 0) return;
    host.kept.close();
    workspace.hosts.delete(host.id);
    if (workspace.hosts.size === 0) this.#workspaces.delete(workspace.id);
  }

  #isSated(receiver: Receiver) {
    return this.#hasEnough(receiver) || this.#hasEnough(receiver.workspace);
  }

  #hasEnough(party: Party) {
    return party.hasEnough || this.waiting > mostWaiting && party.waiting > 0;
  }

  #hasLittleAhead({ workspace, read }: Receiver) {
    const share = (mostRead - this.read) / 3;
    return workspace.read < Math.max(share, 32) && read < Math.max((share - workspace.read) / 2, 8);
  }

  #hasRoom({ workspace, host }: Receiver) {
    return workspace.sending < (mostSending - this.sending) / 3 &&
      host.sending < (workspace.most - workspace.sending) / 3;
  }

  #receiver({ subscription_id, company_id, host: name }: ClaimedDelivery): Receiver {
    const known = this.#receivers.get(subscription_id);
    if (known) return known;
    const workspace = this.#workspaces.get(company_id) ?? new Workspace(company_id, mostSending / 4);
    this.#workspaces.set(company_id, workspace);
    const host = workspace.hosts.get(name) ?? new Host(name, workspace.most / 4);
    workspace.hosts.set(name, host);
    host.receivers++;
    const receiver = new Receiver(subscription_id, workspace, host);
    this.#receivers.set(subscription_id, receiver);
    return receiver;
  }
}
