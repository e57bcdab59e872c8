import { assert, assertEquals, assertMatch } from "@std/assert";
import { ask } from "../world/ask.ts";
import { contents } from "../world/contents.ts";
import { elements, textOf } from "../world/html.ts";
import { createApp } from "../../supabase/functions/api/app.ts";
import { readConfig } from "../../supabase/functions/api/platform/config.ts";
import { htmlPage } from "../../supabase/functions/api/public_form/html_page.tsx";
import { call, sql, stack, world } from "../world/world.ts";

const post = (path: string, fields: Record<string, string> = {}) =>
  call("POST", path, undefined, { raw: new URLSearchParams(fields) });
const friend = { first_name: "Noah", email: "noah@example.com", consent: "true" };

Deno.test("alice's form shows her brand and asks rita by name, under headers that let nothing else onto it", async () => {
  const { alice } = await world();
  await alice.changes("/company", { primary_color: "#fde047", logo_url: "https://cdn.example.com/logo.png?a=1&b=2" });
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI", "Physio"] });
  const { form } = await ask(alice);

  const { status, headers, text } = await call("GET", form);

  const found = elements(text);
  const only = (tag: string) => found.filter((element) => element.tag === tag);
  assertEquals(status, 200);
  assertEquals(only("h1").map((heading) => heading.text), ["Refer a friend to Alice's clinic"]);
  assertEquals(only("title")[0].text, "Refer a friend to Alice's clinic");
  assertMatch(text, /Hello <bdi data-fill="referrer">Rita<\/bdi>!/);
  assertMatch(text, /--brand: #fde047; --brand-ink: #000000;/);
  assertEquals(only("option").map((option) => option.text), ["Not sure", "MRI", "Physio"]);
  assertEquals(only("img").map(({ attributes }) => [attributes.src, attributes.alt, attributes.referrerpolicy]), [
    ["https://cdn.example.com/logo.png?a=1&b=2", "Alice's clinic", "no-referrer"],
  ]);
  assertEquals(only("form")[0].attributes, { method: "post", novalidate: "" });
  assertEquals(only("html")[0].attributes.lang, "en");
  assertEquals(text.startsWith("<!doctype html>"), true);
  assertEquals(
    ["content-type", "referrer-policy", "cache-control", "x-robots-tag", "x-content-type-options", "x-frame-options"]
      .map((name) => headers.get(name)),
    ["text/html; charset=UTF-8", "no-referrer", "no-store", "noindex", "nosniff", "DENY"],
  );
  const hash = "'sha256-[A-Za-z0-9+/]{43}='";
  assertMatch(
    headers.get("content-security-policy")!,
    new RegExp(
      `^default-src 'none'; style-src ${hash} ${hash}; script-src ${hash}; connect-src 'self'; ` +
        "img-src https://cdn\\.example\\.com; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$",
    ),
  );
});

Deno.test("each control has a label of its own, and the form no category without any to choose", async () => {
  const { alice } = await world();
  const { form } = await ask(alice);

  const found = elements((await call("GET", form)).text);

  const controls = found.filter(({ tag }) => ["input", "select", "textarea"].includes(tag)).map((it) => it.attributes);
  const labels = found.filter(({ tag }) => tag === "label").map(({ attributes }) => attributes.for);
  assertEquals(labels, ["first_name", "last_name", "email", "phone", "message", "consent"]);
  assertEquals(controls.map(({ id }) => id), labels);
  assertEquals(controls.map(({ autocomplete }) => autocomplete?.split(" ").at(-1)), [
    "given-name",
    "family-name",
    "email",
    "tel",
    "off",
    undefined,
  ]);
});

Deno.test("noah's details are handed in by a plain form, and rita is thanked", async () => {
  const { alice } = await world();
  const { form, rita, requestId } = await ask(alice);

  const thanked = await post(form, { ...friend, phone: "0412 000 106", message: "Bad\r\nknee", last_name: "  " });
  const again = await post(form, friend);
  const visited = await call("GET", form);

  assertEquals([thanked.status, textOf(thanked.text, "h1")], [201, "Thank you, Rita!"]);
  assertEquals([again.status, textOf(again.text, "h1")], [409, "This form has been sent"]);
  assertEquals([visited.status, textOf(visited.text, "h1")], [200, "This form has been sent"]);
  const [referral, ...more] = await alice.gets("/referrals?expand=referred_contact");
  const { first_name, last_name, email, phone } = referral.referred_contact;
  assertEquals(more, []);
  assertEquals([referral.source, referral.referrer_contact_id, referral.notes], ["form", rita.id, "Bad\nknee"]);
  assertEquals([first_name, last_name, email, phone], ["Noah", null, "noah@example.com", "+61412000106"]);
  assertEquals((await alice.gets(`/referrals/requests/${requestId}`)).status, "submitted");
});

Deno.test("an expired, a withdrawn and an unknown link say so kindly, and take nothing", async () => {
  const { alice } = await world();
  const [late, withdrawn] = [await ask(alice), await ask(alice)];
  await sql`update referral_requests set expires_at = now() - interval '1 second' where id = ${late.requestId}`;
  await alice.delete(`/referrals/requests/${withdrawn.requestId}`);
  const before = await contents(alice);

  for (
    const [path, status, heading] of [
      [late.form, 410, "This link has expired"],
      [withdrawn.form, 410, "This link is no longer in use"],
      ["/refer/unknown", 404, "We cannot find this link"],
      ["/refer", 404, "We cannot find this link"],
      ["/refer/", 404, "We cannot find this link"],
      ["/refer/%00%ff", 404, "We cannot find this link"],
      [`/refer/${"x".repeat(4_000)}`, 404, "We cannot find this link"],
    ] as const
  ) {
    const [read, sent] = [await call("GET", path), await post(path, friend)];

    assertEquals([read.status, textOf(read.text, "h1")], [status, heading], path);
    assertEquals([sent.status, textOf(sent.text, "h1")], [status, heading], path);
    assertEquals(read.headers.get("x-robots-tag"), "noindex");
    assertMatch(read.headers.get("content-security-policy")!, /^default-src 'none'; style-src [^;]+; form-action/);
  }
  assertEquals(await contents(alice), before);
});

Deno.test("GET and HEAD change nothing, whatever follows the link", async () => {
  const { alice } = await world();
  const asked = await ask(alice);
  const before = await contents(alice);
  const links = () =>
    sql`
      select tries, (select count(*)::int from private.unsubscribed where company_id = ${alice.companyId}) as unsubscribed
      from private.request_links where request_id = ${asked.requestId}
    `;

  for (const path of [asked.form, asked.unsubscribe, `/public/referral-requests/${asked.token}`]) {
    for (const method of ["GET", "HEAD"]) {
      for (const purpose of [{}, { "sec-purpose": "prefetch" }, { purpose: "prefetch" }]) {
        const { status, text } = await call(method, path, undefined, { headers: purpose as Record<string, string> });

        assertEquals([status, text === ""], [200, method === "HEAD"], path);
      }
    }
  }
  assertEquals(await contents(alice), before);
  assertEquals({ ...(await links())[0] }, { tries: 0, unsubscribed: 0 });
});

Deno.test("other methods are refused, and leave the form as it is", async () => {
  const { alice } = await world();
  const { form } = await ask(alice);
  const before = await contents(alice);

  for (const method of ["PUT", "PATCH", "DELETE"]) {
    const refused = await call(method, form);

    assertEquals([refused.status, refused.error.code], [405, "METHOD_NOT_ALLOWED"]);
    assertEquals(refused.headers.get("allow"), "GET, HEAD, POST, OPTIONS");
  }
  assertEquals(await contents(alice), before);
});

const hostile = [
  `<script>alert(1)</script>`,
  `</title></head><body onload=alert(1)>`,
  `</style><script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `' onfocus='alert(1)' autofocus='`,
  `</textarea></select></option><iframe srcdoc="x">`,
  `<base href="//evil.example"><form action="//evil.example">`,
  `&lt;b&gt;&quot; onclick=&#34;x {{company.name}} \u202e`,
];

Deno.test("whatever alice's workspace and rita are called, it stays text", async () => {
  for (const text of hostile) {
    const { alice } = await world();
    const plain = await ask(alice);
    const shape = ({ text }: { text: string }) =>
      elements(text).map(({ tag, attributes }) => [tag, Object.keys(attributes)]);
    await alice.changes("/company/crm-settings", { referral_categories: ["Plain"] });
    const [before, stop] = [await call("GET", plain.form), await call("GET", plain.unsubscribe)];
    await alice.changes("/company", { name: text });
    await alice.changes("/company/crm-settings", { referral_categories: [text.slice(0, 80).trim()] });
    await sql`update crm_contacts set first_name = ${text} where id = ${plain.rita.id}`;

    const [named, stopped] = [await call("GET", plain.form), await call("GET", plain.unsubscribe)];
    const thanked = await post(plain.form, friend);

    assertEquals(shape(named), shape(before), text);
    assertEquals(shape(stopped), shape(stop), text);
    const shown = (html: string) => textOf(html, "h1")?.replace(/\s+/g, " ");
    assertEquals(shown(named.text), `Refer a friend to ${text}`.trim());
    assertEquals([thanked.status, shown(thanked.text)], [201, `Thank you, ${text}!`]);
    assert(elements(named.text).some(({ tag, text: label }) => tag === "option" && label === text.slice(0, 80).trim()));
  }
});

Deno.test("a colour or a logo that the database should never hold reaches neither the style nor the policy", async () => {
  for (
    const [primary_color, logo_url] of [
      ["red;}body{display:none", "javascript:alert(1)"],
      ["#0f766e;}", "http://cdn.example.com/a.png"],
      ["</style><script>alert(1)</script>", "https://a.example; script-src *"],
    ]
  ) {
    const { html, policy } = await htmlPage({
      title: "T",
      company: { name: "N", primary_color, logo_url },
      children: "C",
    });

    assertMatch(html, /:root { --brand: #0f766e; --brand-ink: #ffffff; }/);
    assertEquals(elements(html).some(({ tag }) => ["img", "script"].includes(tag)), false);
    assertMatch(
      policy,
      /^default-src 'none'; style-src '[^';]+' '[^';]+'; form-action 'self'; base-uri 'none'; [^;]+$/,
    );
  }
});

Deno.test("a database out of reach gets a kind page that says when to come back", async () => {
  const closed = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = closed.addr;
  closed.close();
  const app = createApp(readConfig({
    SUPABASE_URL: `http://127.0.0.1:${port}`,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.publishableKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
  }));

  for (const [method, path] of [["GET", "/refer/x"], ["POST", "/refer/x"], ["POST", "/public/unsubscribe/x"]]) {
    const answer = await app.request(`/api/v1${path}`, { method });

    assertEquals([answer.status, textOf(await answer.text(), "h1")], [503, "We cannot be reached just now"], path);
    assertEquals([answer.headers.get("retry-after"), answer.headers.get("cache-control")], ["2", "no-store"]);
  }
});
