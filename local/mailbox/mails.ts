import type { Payload } from "./payload.ts";

/** A mail as Resend's `GET /emails/:id` shows it, and the headers that its sender added. */
export type Mail = ReturnType<typeof accepted>;

const kept = 1_000;

/** The newest thousand mails, in memory. */
export class Mails {
  #newestFirst: Mail[] = [];

  add(payload: Payload): Mail {
    const mail = accepted(payload);
    this.#newestFirst.unshift(mail);
    this.#newestFirst.length = Math.min(this.#newestFirst.length, kept);
    return mail;
  }

  /** Newest first; `to` keeps those that reach this address, by any of `to`, `cc` and `bcc`. */
  list(to?: string): Mail[] {
    if (!to) return [...this.#newestFirst];
    return this.#newestFirst.filter((mail) =>
      [mail.to, mail.cc, mail.bcc].some((list) => list?.some((address) => bare(address) === bare(to)))
    );
  }

  find(id: string): Mail | undefined {
    return this.#newestFirst.find((mail) => mail.id === id.toLowerCase());
  }

  /** Newest first; those that hold every word of `text` in their subject, an address or what they say. */
  search(text: string): Mail[] {
    const words = text.toLowerCase().split(/\s+/);
    return this.#newestFirst.filter((mail) => {
      const { subject, from, to, cc, bcc, reply_to, html } = mail;
      const said = [subject, from, ...[to, cc, bcc, reply_to].map((list) => list?.join(" ")), mail.text ?? html];
      const all = said.join("\n").toLowerCase();
      return words.every((word) => all.includes(word));
    });
  }

  /** Whether there was such a mail. */
  remove(id: string): boolean {
    const mail = this.find(id);
    this.#newestFirst = this.#newestFirst.filter((it) => it !== mail);
    return mail !== undefined;
  }

  clear(): void {
    this.#newestFirst = [];
  }
}

function accepted(payload: Payload) {
  const id = crypto.randomUUID();
  return {
    object: "email" as const,
    id,
    message_id: `<${id}@mailbox.local>`,
    from: payload.from,
    to: payload.to,
    cc: payload.cc ?? null,
    bcc: payload.bcc ?? null,
    reply_to: payload.reply_to ?? null,
    subject: payload.subject,
    html: payload.html ?? null,
    text: payload.text ?? null,
    headers: payload.headers ?? {},
    tags: payload.tags ?? [],
    created_at: new Date().toISOString(),
    scheduled_at: null,
    last_event: "delivered" as const,
  };
}

function bare(address: string): string {
  return address.replace(/^.*<(.*)>$/s, "$1").toLowerCase();
}
