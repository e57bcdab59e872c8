import { type Context, Hono } from "hono";
import { html, raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Mail, Mails } from "./mails.ts";
import { script, style } from "./style.ts";

const pagePolicy = [
  "default-src 'none'",
  `style-src '${await hash(style)}'`,
  `script-src '${await hash(script)}'`,
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

// A mail's links may open a tab of their own; nothing of the mail runs, loads or knows this origin.
const sandbox = "allow-popups allow-popups-to-escape-sandbox";
const mailPolicy =
  `sandbox ${sandbox}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`;

const views = ["html", "text", "headers"] as const;
type View = typeof views[number];

const shown = 200;

/** The inbox as pages for a person; every text of a mail is a stranger's. */
export function mailboxPages(mails: Mails) {
  return new Hono()
    .get("/", (c) => page(c, 200, "Mailbox", mails, undefined, <NothingOpen mails={mails} />))
    .get("/mails/:id", (c) => {
      const mail = mails.find(c.req.param("id"));
      if (!mail) return page(c, 404, "Mailbox", mails, undefined, <Gone />);
      const wanted = views.find((view) => view === c.req.query("view"));
      return page(c, 200, mail.subject, mails, mail, <Opened mail={mail} view={wanted ?? first(mail)} />);
    })
    .get("/mails/:id/html", (c) => {
      const mail = mails.find(c.req.param("id"));
      secure(c, mailPolicy);
      return c.html(`<!doctype html><meta charset="utf-8"><base target="_blank">${mail?.html ?? ""}`, mail ? 200 : 404);
    });
}

function page(c: Context, status: 200 | 404, title: string, mails: Mails, open: Mail | undefined, content: Child) {
  secure(c, pagePolicy);
  const all = mails.list();
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
          </header>
          <nav aria-label="Mails">
            <ol>
              {all.slice(0, shown).map((mail) => (
                <li>
                  <a href={`/mails/${mail.id}`} aria-current={mail === open ? "page" : undefined}>
                    <b>{mail.subject}</b>
                    <When mail={mail} />
                    <span class="soft">{mail.to.join(", ")}</span>
                  </a>
                </li>
              ))}
            </ol>
            {all.length === 0 && <p class="soft">No mail yet</p>}
            {all.length > shown && (
              <p class="soft">
                and {all.length - shown} older: <a href="/emails">all as JSON</a>
              </p>
            )}
          </nav>
          {content}
          <script>{raw(script)}</script>
        </body>
      </html>
    )}`,
    status,
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
      <p class="soft">The mailbox keeps the newest thousand, until the stack stops.</p>
    </main>
  );
}

function Opened({ mail, view }: { mail: Mail; view: View }) {
  const offered = views.filter((it) => it === "headers" || mail[it]);
  return (
    <main>
      <h2>{mail.subject}</h2>
      <dl>
        <Line name="From" value={mail.from} />
        <Line name="To" value={mail.to} />
        <Line name="Cc" value={mail.cc} />
        <Line name="Bcc" value={mail.bcc} />
        <Line name="Reply-To" value={mail.reply_to} />
      </dl>
      <div class="views" role="navigation" aria-label="Views">
        {offered.map((it) => (
          <a href={`/mails/${mail.id}?view=${it}`} aria-current={it === view ? "page" : undefined}>
            {{ html: "HTML", text: "Text", headers: "Headers" }[it]}
          </a>
        ))}
      </div>
      {view === "html" && <iframe sandbox={sandbox} src={`/mails/${mail.id}/html`} title="The mail's HTML"></iframe>}
      {view === "text" && <pre>{mail.text}</pre>}
      {view === "headers" && (
        <dl>
          <Line name="Date" value={mail.created_at} />
          <Line name="Message-ID" value={mail.message_id} />
          {Object.entries(mail.headers).map(([name, value]) => <Line name={name} value={value} />)}
          <Line name="Tags" value={mail.tags.map(({ name, value }) => `${name}=${value}`)} />
        </dl>
      )}
    </main>
  );
}

function Line({ name, value }: { name: string; value: string | string[] | null }) {
  const text = [value ?? []].flat().join(", ");
  return text && (
    <>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </>
  );
}

function When({ mail }: { mail: Mail }) {
  const at = new Date(mail.created_at);
  const today = at.toDateString() === new Date().toDateString();
  const text = at.toLocaleString("en-AU", today ? { timeStyle: "short", hour12: false } : { dateStyle: "medium" });
  return <time class="soft" datetime={mail.created_at}>{text}</time>;
}

function first(mail: Mail): View {
  return mail.html ? "html" : "text";
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
