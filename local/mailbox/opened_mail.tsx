import type { Mail } from "./mails.ts";
import { addressOf, type Looking, type View, views } from "./looking.ts";

const names = { html: "HTML", text: "Text", headers: "Headers" };

/** A mail as a person opens it; its HTML in a frame of its own, in which nothing runs. */
export function OpenedMail({ mail, looking, sandbox }: { mail: Mail; looking: Looking; sandbox: string }) {
  const path = `/mails/${mail.id}`;
  const view = looking.view ?? firstView(mail);
  const { images, phone, search } = looking;
  return (
    <main>
      <div class="title">
        <h2>{mail.subject}</h2>
        <button type="button" data-delete={`/emails/${mail.id}`} data-then={addressOf("/", { search })} hidden>
          Delete
        </button>
      </div>
      <dl>
        <Line name="From" value={mail.from} />
        <Line name="To" value={mail.to} />
        <Line name="Cc" value={mail.cc} />
        <Line name="Bcc" value={mail.bcc} />
        <Line name="Reply-To" value={mail.reply_to} />
      </dl>
      <div class="views" role="navigation" aria-label="Views">
        {views.filter((it) => it === "headers" || mail[it]).map((it) => (
          <a href={addressOf(path, { ...looking, view: it })} aria-current={it === view ? "page" : undefined}>
            {names[it]}
          </a>
        ))}
      </div>
      {view === "html" && (
        <>
          <p class="tools">
            <a class="width" href={addressOf(path, { ...looking, phone: !phone })}>
              {phone ? "Show at full width" : "Show at a phone's width"}
            </a>
            {mayLoad(mail) && (
              <a href={addressOf(path, { ...looking, images: !images })}>
                {images ? "Leave remote images out" : "Show remote images"}
              </a>
            )}
          </p>
          <iframe
            sandbox={sandbox}
            class={phone ? "phone" : undefined}
            src={addressOf(`${path}/html`, { images })}
            title="The mail's HTML"
          >
          </iframe>
        </>
      )}
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

const firstView = (mail: Mail): View => mail.html ? "html" : "text";

/** Whether there may be an image that is left out. */
const mayLoad = ({ html }: Mail) => /https:/i.test(html ?? "") && /<img|url\(|background/i.test(html ?? "");

function Line({ name, value }: { name: string; value: string | string[] | null }) {
  const text = [value ?? []].flat().join(", ");
  return text && (
    <>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </>
  );
}
