import { Hono } from "hono";
import { type Connection, mailboxApi } from "./api.ts";
import { ResendError } from "./errors.ts";
import { Mails } from "./mails.ts";
import { mailboxPages } from "./pages.tsx";
import { serveMailbox } from "./server.ts";

export interface Mailbox {
  /** What the function sees as RESEND_BASE_URL, and a person opens. */
  url: string;
  stop(): Promise<void>;
}

/** Takes mails in place of Resend and shows them; 0 takes a free port. Throws a Refusal when the port is taken. */
export async function startMailbox(port: number): Promise<Mailbox> {
  const mails = new Mails();
  const app = new Hono<{ Bindings: Connection }>()
    .route("/", mailboxPages(mails))
    .route("/", mailboxApi(mails))
    .notFound(() => {
      throw new ResendError("not_found");
    })
    .onError((error, c) => {
      if (!(error instanceof ResendError)) console.error("Mailbox:", error);
      const { body, status } = error instanceof ResendError ? error : new ResendError("internal_server_error");
      return c.json(body, status);
    });
  const server = await serveMailbox(port, (request, connection) => app.fetch(request, connection));
  return { url: server.origin, stop: () => server.stop() };
}
