import { z } from "zod";

const Fault = z.union([
  /** This answer instead, and no mail: `body` as JSON, or `text` as HTML. */
  z.strictObject({
    status: z.int().min(200).max(599),
    body: z.json().optional(),
    text: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
  /** No answer until `DELETE /faults`; the mail is sent then, when its sender still waits. */
  z.strictObject({ hang: z.literal(true) }),
  /** The mail is sent, and the connection cut without an answer. */
  z.strictObject({ reset_after_accept: z.literal(true) }),
]);
type Fault = z.infer<typeof Fault>;

export const FaultList = z.array(Fault);

/** How the next requests to send a mail go wrong, one each. */
export class Faults {
  #next: Fault[] = [];
  #letGo = Promise.withResolvers<void>();

  get left(): Fault[] {
    return this.#next;
  }

  plan(faults: Fault[]): void {
    this.#next = faults;
  }

  take(): Fault | undefined {
    return this.#next.shift();
  }

  clear(): void {
    this.#next = [];
    this.#letGo.resolve();
    this.#letGo = Promise.withResolvers();
  }

  /** Waits as long as a hanging request does. */
  async hang(gone: AbortSignal): Promise<void> {
    const left = Promise.withResolvers<void>();
    gone.addEventListener("abort", () => left.resolve(), { once: true });
    if (!gone.aborted) await Promise.race([this.#letGo.promise, left.promise]);
  }
}

/** The answer that a fault gives instead of Resend's. */
export function faultyAnswer(fault: Extract<Fault, { status: number }>): Response {
  const { status, text, headers } = fault;
  if ([204, 205, 304].includes(status)) return new Response(null, { status, headers });
  if (text !== undefined) {
    return new Response(text, { status, headers: { "content-type": "text/html; charset=utf-8", ...headers } });
  }
  const told = { statusCode: status, name: "application_error", message: "The mailbox was told to answer this." };
  return Response.json(fault.body ?? (status < 400 ? {} : told), { status, headers });
}
