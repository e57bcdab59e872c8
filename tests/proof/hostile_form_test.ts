import { assert, assertEquals } from "@std/assert";
import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { hostileStrings, nastiest } from "../world/hostile_strings.ts";
import { mailbox, mailsTo } from "../world/mailbox.ts";
import { call, type Json, type Person, world } from "../world/world.ts";

type Node = DefaultTreeAdapterTypes.Node;

// All of them by FULL=1; CI takes the nastiest.
const strings = (Deno.env.get("FULL") ? hostileStrings : nastiest).filter((text) => text.trim() !== "");
const cut = (text: string, max: number) => [...text].slice(0, max).join("").toWellFormed().replaceAll("\u0000", "");

/** What is left of a text as a name: one line that holds no link. */
const asName = (text: string) =>
  cut(text, 200).replace(/[\p{Cc}\u2028\u2029]+/gu, " ").replace(/:\/\/|www\./gi, " ").trim() || "x";

/** Everything in a document that could act on its own, or lead somewhere by script. */
function live(html: string, allowed: string[]): string[] {
  const found: string[] = [];
  const visit = (node: Node) => {
    if ("tagName" in node) {
      if (["script", "iframe", "object", "embed", "svg", "math", "base", "link", "applet"].includes(node.tagName)) {
        found.push(node.tagName);
      }
      for (const { name, value } of node.attrs) {
        const leads = /^(href|src|srcset|action|formaction|xlink:href|ping|poster|background)$/.test(name);
        if (/^on/.test(name) || (leads && /^\s*(javascript|data|vbscript|file|blob):/i.test(value))) {
          found.push(`${name}=${value}`);
        }
      }
    }
    if ("childNodes" in node) node.childNodes.forEach(visit);
  };
  visit(parse(html));
  return found.filter((each) => !allowed.includes(each));
}

Deno.test("hostile strings go through every field of request and form into mail, page and API, and stay text", async () => {
  const { alice } = await world();
  const wrong: [string, unknown][] = [];
  for (let at = 0; at < strings.length; at += 4) {
    await Promise.all(
      strings.slice(at, at + 4).map(async (text) => {
        for (const problem of await through(alice, text)) wrong.push([text, problem]);
      }),
    );
  }
  assertEquals(wrong, []);
});

/** One string through all of it; gives what went wrong. */
async function through(alice: Person, text: string): Promise<unknown[]> {
  const wrong: unknown[] = [];
  const name = asName(text);
  const email = `rita-${crypto.randomUUID()}@example.com`;
  const rita = await alice.creates("/contacts", { first_name: name, last_name: name, email });
  const asked = await alice.creates("/referrals/request", {
    contact_id: rita.id,
    subject_override: cut(text, 200),
    intro_html: cut(text, 20_000),
    how_it_works_html: cut(text, 20_000),
  });
  const [{ id }] = await mailsTo(email);
  const mail = (await mailbox("GET", `/emails/${id}`)).json;
  if (/[\r\n\0]/.test(mail.subject + mail.from + mail.to)) wrong.push(["a line in a header", mail.subject, mail.from]);
  if (Object.keys(mail.headers).sort().join() !== "List-Unsubscribe,List-Unsubscribe-Post") wrong.push(mail.headers);
  wrong.push(...live(mail.html, []));

  const page = await fetch(asked.public_url);
  wrong.push(...live(await page.text(), ["script"]));
  const typed = {
    first_name: name,
    last_name: name,
    email: name,
    phone: name,
    category: cut(text, 80),
    message: cut(text, 2_000),
  };
  const again = await fetch(asked.public_url, { method: "POST", body: new URLSearchParams(typed) });
  if (again.status !== 400) wrong.push(["the form took no consent", again.status]);
  wrong.push(...live(await again.text(), ["script"]));

  const friend = { first_name: name, last_name: name, email: `noah-${crypto.randomUUID()}@example.com`, consent: true };
  const sent = await call("POST", `/public/referral-requests/${asked.token}/submit`, {
    ...friend,
    category: cut(text, 80).trim() || null,
    message: cut(text, 2_000),
  });
  if (sent.status !== 201) wrong.push([sent.status, sent.text]);
  const [referral]: Json[] = await alice.gets(`/referrals?referrer_contact_id=${rita.id}&expand=referred_contact`);
  // One spelling of every letter, NFC, is kept.
  const kept = [referral.referred_contact.first_name, referral.notes];
  if (kept.join() !== [name, cut(text, 2_000)].join().normalize("NFC")) wrong.push(referral);
  return wrong;
}

Deno.test("a name of 10 kB is refused by API and form, and nothing is kept of it", async () => {
  const { alice } = await world();
  const long = "N".repeat(10_000);
  const rita = await alice.creates("/contacts", { first_name: "Rita", email: "rita@example.com" });
  const { token, public_url } = await alice.creates("/referrals/request", { contact_id: rita.id });

  const contact = await alice.post("/contacts", { first_name: long });
  const submitted = await call("POST", `/public/referral-requests/${token}/submit`, {
    first_name: long,
    email: "noah@example.com",
    consent: true,
  });
  const page = await fetch(public_url, {
    method: "POST",
    body: new URLSearchParams({ first_name: long, consent: "true" }),
  });

  assertEquals([contact.status, submitted.status, page.status], [400, 400, 400]);
  assert((await page.text()).includes("<form"));
  assertEquals((await alice.get("/contacts")).body.pagination.total, 1);
  assertEquals((await alice.get("/referrals")).body.pagination.total, 0);
});
