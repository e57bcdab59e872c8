import { Refusal } from "./refusal.ts";

/** Gives `port` when it is free on this machine, any free one for 0. Throws a Refusal that names `flag` when it is taken. */
export function claimPort(port: number, flag: string): number {
  try {
    using listener = Deno.listen({ hostname: "127.0.0.1", port });
    return listener.addr.port;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw portTaken(port, flag);
    throw error;
  }
}

export function portTaken(port: number, flag: string): Refusal {
  return new Refusal(`Port ${port} is taken by another program: stop it, or choose another port with ${flag}.`);
}

/** Whether something accepts connections there. */
export async function answers(port: number): Promise<boolean> {
  try {
    using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch {
    return false;
  }
}
