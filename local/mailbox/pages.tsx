import { type Context, Hono } from "hono";
import { html, raw } from "hono/html";
import type { Child } from "hono/jsx";
import { addressOf, type Looking, lookingAt } from "./looking.ts";
import type { Mail, Mails } from "./mails.ts";
import { OpenedMail } from "./opened_mail.tsx";
import { script, style } from "./style.ts";

const pagePolicy = [
  "default-src 'none'",
  `style-src '${await hash(style)}'`,
  `script-src '${await hash(script)}'`,
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  // The search alone: what deletes is sent by the script, since any page may send a form to this machine.
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

// A mail's links may open a tab of their own; nothing of the mail runs or knows this origin, and nothing loads unasked.
const sandbox = "allow-popups allow-popups-to-escape-sandbox";
const mailPolicy = (images: string) =>
  `sandbox ${sandbox}; default-src 'none'; style-src 'unsafe-inline'; img-src ${images}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`;

const shown = 200;

/** The inbox as pages for a person; every text of a mail is a stranger's. */
export function mailboxPages(mails: Mails) {
  return new Hono()
    .get("/", (c) => page(c, 200, "Mailbox", mails, undefined, <NothingOpen mails={mails} />))
    .get("/mails/:id", (c) => {
      const mail = mails.find(c.req.param("id"));
      if (!mail) return page(c, 404, "Mailbox", mails, undefined, <Gone />);
      const opened = <OpenedMail mail={mail} looking={lookingAt(c.req.url)} sandbox={sandbox} />;
      return page(c, 200, mail.subject, mails, mail, opened);
    })
    .get("/mails/:id/html", (c) => {
      const mail = mails.find(c.req.param("id"));
      secure(c, mailPolicy(lookingAt(c.req.url).images ? "data: https:" : "data:"));
      return c.html(`<!doctype html><meta charset="utf-8"><base target="_blank">${mail?.html ?? ""}`, mail ? 200 : 404);
    });
}

function page(c: Context, status: 200 | 404, title: string, mails: Mails, open: Mail | undefined, content: Child) {
  secure(c, pagePolicy);
  const looking = lookingAt(c.req.url);
  return c.html(
    html`<!doctype html>${(
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>{title}</title>
          {!open && (
            <noscript>
              <meta http-equiv="refresh" content="5" />
            </noscript>
          )}
          <style>{raw(style)}</style>
        </head>
        <body>
          <header>
            <h1>
              <a href="/">Mailbox</a>
            </h1>
            <p class="soft">Mails that this machine's stack sends end here.</p>
            <form role="search" action="/">
              <input name="search" type="search" aria-label="Search the mails" value={looking.search ?? ""} />
              <button type="submit">Search</button>
            </form>
            <button type="button" data-delete="/emails" data-then="/" data-ask="Delete all mails?" hidden>
              Delete all
            </button>
          </header>
          <List mails={mails} open={open} looking={looking} />
          {content}
          <script>{raw(script)}</script>
        </body>
      </html>
    )}`,
    status,
  );
}

function List({ mails, open, looking }: { mails: Mails; open: Mail | undefined; looking: Looking }) {
  const { search, phone } = looking;
  const found = search ? mails.search(search) : mails.list();
  return (
    <nav aria-label="Mails">
      {search && (
        <p class="soft">
          {found.length} found: <a href="/">show all</a>
        </p>
      )}
      <ol>
        {found.slice(0, shown).map((mail) => (
          <li>
            <a
              href={addressOf(`/mails/${mail.id}`, { search, phone })}
              aria-current={mail === open ? "page" : undefined}
            >
              <b>{mail.subject}</b>
              <When mail={mail} />
              <span class="soft">{mail.to.join(", ")}</span>
            </a>
          </li>
        ))}
      </ol>
      {found.length === 0 && !search && <p class="soft">No mail yet</p>}
      {found.length > shown && (
        <p class="soft">
          and {found.length - shown} older: <a href="/emails">all as JSON</a>
        </p>
      )}
    </nav>
  );
}

function NothingOpen({ mails }: { mails: Mails }) {
  return (
    <main class="empty">
      <h2>{mails.list().length > 0 ? "No mail open" : "No mail yet"}</h2>
      <p class="soft">New mails appear by themselves. None of them reaches anyone.</p>
    </main>
  );
}

function Gone() {
  return (
    <main class="empty">
      <h2>This mail is gone</h2>
      <p class="soft">It was deleted, or others came after it: the newest thousand are kept until the stack stops.</p>
    </main>
  );
}

function When({ mail }: { mail: Mail }) {
  const at = new Date(mail.created_at);
  const today = at.toDateString() === new Date().toDateString();
  const text = at.toLocaleString("en-AU", today ? { timeStyle: "short", hour12: false } : { dateStyle: "medium" });
  return <time class="soft" datetime={mail.created_at}>{text}</time>;
}

function secure(c: Context, policy: string): void {
  c.header("content-security-policy", policy);
  c.header("x-content-type-options", "nosniff");
  c.header("referrer-policy", "no-referrer");
  c.header("cache-control", "no-store");
}

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${new Uint8Array(digest).toBase64()}`;
}
