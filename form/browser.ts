import { brandColor, brandLogo, contrast } from "../supabase/functions/api/mail/brand.ts";
import * as notices from "../supabase/functions/api/public_form/notices.ts";
import { checkThese, type Problems, problemsOf, tryLater } from "../supabase/functions/api/public_form/problems.ts";

type Company = { name: string; logo_url: string | null; primary_color: string | null };
type Form = {
  company: Company;
  referrer_first_name: string;
  categories: string[];
  status: string;
  withdrawn: boolean;
};
type Refusal = { code: string; details?: { fields?: { path: string; message: string }[] } };

declare const whenSeen: (act: () => void) => void;

const find = <Found extends HTMLElement = HTMLElement>(selector: string) => document.querySelector<Found>(selector)!;

const api = find<HTMLMetaElement>("meta[name=api]").content;
const token = findToken();
const address = `${api}/public/referral-requests/${encodeURIComponent(token)}`;

/** How long a form may be on its way, in milliseconds; handing it in again then says whether it came. */
const longestWait = 30_000;

/** Of `#token`, `?token=` and the path's end, the first that there is. */
function findToken(): string {
  const end = location.pathname.split("/").at(-1)!;
  return location.hash.replace(/^#(token=)?/, "") || new URLSearchParams(location.search).get("token") ||
    (end.includes(".") ? "" : end);
}

async function start(): Promise<void> {
  if (!token) return say(notices.unknownLink);
  const answer = await fetch(address, { credentials: "omit", cache: "no-store" }).catch(() => null);
  if (!answer) return say(notices.offline);
  if (!answer.ok) return say(answer.status < 500 ? notices.unknownLink : notices.unavailable);
  const { data: form }: { data: Form } = await answer.json();
  wear(form.company);
  if (form.status === "submitted") return say(notices.submitted(form.company.name));
  if (form.status === "expired") return say((form.withdrawn ? notices.withdrawn : notices.expired)(form.company.name));
  show(form);
  whenSeen(() => fetch(`${address}/viewed`, { method: "POST", credentials: "omit" }).catch(() => {}));
}

/** Takes on the workspace's colour, and its logo or name. */
function wear(company: Company): void {
  const brand = { ...company, contact_email: null };
  const color = brandColor(brand);
  document.documentElement.style.setProperty("--brand", color);
  document.documentElement.style.setProperty("--brand-ink", contrast(color));
  find<HTMLMetaElement>("meta[name=theme-color]").content = color;
  const logo = brandLogo(brand);
  const name = document.querySelector("#name");
  // The second time, its logo stands there.
  if (!name) return;
  name.textContent = company.name;
  if (logo) {
    const image = Object.assign(new Image(), { className: "logo", alt: company.name, referrerPolicy: "no-referrer" });
    image.src = logo;
    name.replaceWith(image);
  }
}

function show({ company, referrer_first_name, categories }: Form): void {
  document.title = `Refer a friend to ${company.name}`;
  for (const place of document.querySelectorAll<HTMLElement>("[data-fill]")) {
    place.textContent = place.dataset.fill === "company" ? company.name : referrer_first_name;
  }
  const [unsure] = find<HTMLSelectElement>("#category").options;
  find("#category").replaceChildren(unsure, ...categories.map((category) => new Option(category, category)));
  if (categories.length === 0) find("[data-field=category]").remove();
  find(".wait").remove();
  find("#form").hidden = false;

  const form = find<HTMLFormElement>("form");
  let sending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    const done = showSending(form);
    await send(form, company.name, referrer_first_name);
    sending = false;
    done();
  });
}

/** Says that the form is on its way, on the button and to a screen reader, until what it gives is called. */
function showSending(form: HTMLFormElement): () => void {
  const [button, status] = [find("button"), find("#status")];
  const { textContent } = button;
  form.ariaBusy = "true";
  button.setAttribute("aria-disabled", "true");
  button.textContent = status.textContent = "Sending…";
  return () => {
    form.ariaBusy = null;
    button.removeAttribute("aria-disabled");
    button.textContent = textContent;
    status.textContent = "";
  };
}

async function send(form: HTMLFormElement, company: string, referrer: string): Promise<void> {
  const typed = [...new FormData(form)].map(([name, text]) => [name, String(text).trim()]).filter(([, text]) => text);
  const friend = { ...Object.fromEntries(typed), consent: find<HTMLInputElement>("#consent").checked || undefined };
  const answer = await fetch(`${address}/submit`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(friend),
    credentials: "omit",
    signal: AbortSignal.timeout(longestWait),
  }).catch(() => null);
  if (answer?.ok) return say(notices.thanks(company, referrer));
  const { error = null }: { error?: Refusal | null } = await answer?.json().catch(() => null) ?? {};
  if (error?.code === "NOT_FOUND") return say(notices.unknownLink);
  if (error?.code === "EXPIRED") return await start();
  if (error?.code === "CONFLICT" && !error.details) return say(notices.submitted(company));
  const wait = Number(answer?.headers.get("Retry-After"));
  complain(problemsOf(error?.details?.fields ?? []), tryLater(answer?.status ?? 0, wait));
}

/** Shows what is wrong as the served page does: above the form, and at each field. */
function complain(problems: Problems, trouble: string): void {
  clearComplaints();
  const wrong = Object.entries(problems);
  const summary = element("div", { className: "summary", role: "alert", tabIndex: -1 });
  if (wrong.length === 0) summary.append(element("p", { textContent: trouble }));
  else {
    const list = element("ul");
    list.append(...wrong.map(([name, problem]) => wayTo(name, problem)));
    summary.append(element("h2", { textContent: checkThese(wrong.length) }), list);
  }
  for (const [name, problem] of wrong) {
    const control = find(`#${name}`);
    control.closest(".field")!.classList.add("wrong");
    control.setAttribute("aria-invalid", "true");
    const hint = document.getElementById(`${name}-hint`) ? ` ${name}-hint` : "";
    control.setAttribute("aria-describedby", `${name}-error${hint}`);
    const error = element("p", { className: "error", id: `${name}-error`, textContent: problem });
    (control.closest("label") ?? control).before(error);
  }
  find("#form").prepend(summary);
  document.title = `Error: ${document.title.replace(/^Error: /, "")}`;
  summary.focus();
}

function clearComplaints(): void {
  for (const old of document.querySelectorAll(".summary, .error")) old.remove();
  for (const field of document.querySelectorAll(".wrong")) {
    field.classList.remove("wrong");
    const control = field.querySelector("[aria-invalid]")!;
    control.removeAttribute("aria-invalid");
    const hint = field.querySelector(".hint");
    if (hint) control.setAttribute("aria-describedby", hint.id);
    else control.removeAttribute("aria-describedby");
  }
}

/** A line of the summary that leads to a field, and leaves the address alone: the token is in it. */
function wayTo(name: string, problem: string): HTMLElement {
  const link = element("a", { href: `#${name}`, textContent: problem });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    find(`#${name}`).focus();
  });
  const line = element("li");
  line.append(link);
  return line;
}

function say({ title, paragraphs, done }: notices.Notice): void {
  const notice = element("div", { className: "notice" });
  if (done) notice.append(element("div", { className: "tick", ariaHidden: "true" }));
  const heading = element("h1", { textContent: title, tabIndex: -1 });
  notice.append(heading, ...paragraphs.map((textContent) => element("p", { textContent })));
  find("main").replaceChildren(notice);
  document.title = title;
  heading.focus();
}

function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
): HTMLElementTagNameMap[Tag] {
  return Object.assign(document.createElement(tag), properties);
}

// Who mends the link in the address bar changes no more than this, and the page stays.
addEventListener("hashchange", () => location.reload());

start().catch(() => say(notices.unavailable));
