import { assertEquals } from "@std/assert";
import { settled } from "./automations.ts";
import { listen, type Listener, once, subscribe } from "./listener.ts";
import { type Json, type Person, world } from "./world.ts";

type Subscribers = { alice: Person; bob: Person; crm: Listener };

/** Two workspaces, each with an endpoint that is told of one kind of event. */
export async function subscribers(event: string): Promise<Subscribers> {
  const { alice, bob } = await world();
  const crm = listen();
  await subscribe(alice, `${crm.url}/alice`, [event]);
  await subscribe(bob, `${crm.url}/bob`, [event]);
  return { alice, bob, crm };
}

/** What Alice's endpoint has been told, in the order it happened, once all is told; Bob's must have heard nothing. */
export async function told({ alice, bob, crm }: Subscribers): Promise<Json[]> {
  await Promise.all([settled(alice), settled(bob)]);
  assertEquals(crm.to("/bob"), []);
  return once(crm.to("/alice")).map(({ data }) => data)
    .sort((one, other) => one.occurred_at < other.occurred_at ? -1 : 1);
}
