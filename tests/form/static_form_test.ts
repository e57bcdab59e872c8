import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ask } from "../world/ask.ts";
import { launchChromium, openPage, overflows, picture, violations } from "../world/chromium.ts";
import { eventually, sql, stack, world } from "../world/world.ts";

const file = await Deno.makeTempFile({ suffix: ".html" });
const written = await new Deno.Command(Deno.execPath(), {
  args: ["task", "form", "--api", `${stack.apiUrl}/`, "--out", file],
}).output();
const html = await Deno.readTextFile(file);
await Deno.remove(file);

const browser = await launchChromium();
const host = Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen() {} },
  () => new Response(html, { headers: { "content-type": "text/html" } }),
);
const origin = `http://127.0.0.1:${host.addr.port}`;
Deno.test.afterAll(async () => {
  await browser.close();
  await host.shutdown();
});

const viewedAt = async (requestId: string) =>
  (await sql`select viewed_at from referral_requests where id = ${requestId}`)[0].viewed_at;

Deno.test("the task writes one file, under a policy that names its parts, and refuses what is no address", async () => {
  assertEquals([written.code, new TextDecoder().decode(written.stderr).includes("rror")], [0, false]);
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)![1].replaceAll("&#39;", "'");
  const hash = "'sha256-[A-Za-z0-9+/]{43}='";
  assertMatch(
    policy,
    new RegExp(
      `^default-src 'none'; style-src ${hash} ${hash}; script-src ${hash}; connect-src ${new URL(stack.url).origin}; ` +
        "img-src https:; form-action 'none'; base-uri 'none'$",
    ),
  );
  assertEquals(/\b(src|href)="(?!#)/.test(html.replaceAll(/<script>.*<\/script>/gs, "")), false);

  const refused = await new Deno.Command(Deno.execPath(), { args: ["task", "form", "--api", "nowhere"] }).output();
  assertEquals(refused.code, 1);
  assertStringIncludes(new TextDecoder().decode(refused.stderr), `"nowhere" is no address of an API.`);
});

Deno.test("hosted elsewhere, it finds its token in three places, shows the workspace, and stamps viewed", async () => {
  const { alice } = await world();
  await alice.changes("/company", { primary_color: "#fde047", name: `<b>Alice</b> "&amp;"` });
  await alice.changes("/company/crm-settings", { referral_categories: ["<i>MRI</i>"] });
  for (const place of ["/form.html#", "/any/form.html?token=", "/r/"]) {
    const { token, requestId } = await ask(alice);
    await using visit = await openPage(browser);
    const { page, complaints } = visit;

    await page.goto(origin + place + token);
    await page.getByRole("heading", { level: 1, name: `Refer a friend to <b>Alice</b> "&amp;"` }).waitFor();
    await eventually(() => viewedAt(requestId));

    assertEquals(await page.title(), `Refer a friend to <b>Alice</b> "&amp;"`);
    assertEquals(await page.getByRole("option").allTextContents(), ["Not sure", "<i>MRI</i>"]);
    assertEquals(await page.evaluate("getComputedStyle(document.querySelector('button')).color"), "rgb(0, 0, 0)");
    assertEquals(complaints, []);
  }
});

for (const [width, colorScheme] of [[320, "light"], [1280, "dark"]] as const) {
  Deno.test(`at ${width} pixels it names what is wrong, keeps what was typed, and hands it in`, async () => {
    const { alice } = await world();
    const { token } = await ask(alice);
    await using visit = await openPage(browser, { viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
    const { page } = visit;
    const readsWell = async (name: string) => {
      await picture(page, `static-${width}-${colorScheme}-${name}`);
      assertEquals([await violations(page), await overflows(page)], [[], false], name);
    };

    await page.goto(`${origin}/#${token}`);
    await page.getByLabel("Last name").fill("Nguyen");
    await readsWell("form");
    await page.getByLabel("Email").fill("noah@");
    await page.getByRole("button").click();
    await page.getByRole("heading", { name: "Please check 3 answers" }).waitFor();
    await readsWell("errors");
    assertEquals(await page.evaluate("document.activeElement.getAttribute('role')"), "alert");
    await page.getByRole("link", { name: "Enter your friend's first name." }).click();
    assertEquals(await page.evaluate("[document.activeElement.id, location.hash]"), ["first_name", `#${token}`]);
    await page.keyboard.type("Noah");
    await page.getByLabel("Email").fill("");
    await page.getByLabel("Phone").fill("0412 000 106");
    await page.getByRole("checkbox").check();
    await page.getByRole("button").click();
    await page.getByRole("heading", { name: "Thank you, Rita!" }).waitFor();
    await readsWell("thanks");

    const [referral, ...more] = await alice.gets("/referrals?expand=referred_contact");
    const { first_name, last_name, email, phone } = referral.referred_contact;
    assertEquals(more, []);
    assertEquals([first_name, last_name, email, phone], ["Noah", "Nguyen", null, "+61412000106"]);
  });
}

for (const [width, colorScheme] of [[375, "light"], [1280, "dark"]] as const) {
  Deno.test(`at ${width} pixels it shows that it sends, and sends once, however often it is pressed`, async () => {
    const { alice } = await world();
    const { token } = await ask(alice);
    await using visit = await openPage(browser, { viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
    const { page, context } = visit;
    const [isSent, mayGoOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let submissions = 0;
    await context.route("**/submit", async (route) => {
      submissions++;
      isSent.resolve();
      await mayGoOn.promise;
      await route.continue();
    });
    const state = () =>
      page.evaluate(`[document.querySelector("form").ariaBusy, document.querySelector("button").ariaDisabled,
        document.querySelector("button").textContent, document.querySelector("[role=status]").textContent]`);

    await page.goto(`${origin}/#${token}`);
    await page.getByLabel("First name").fill("Noah");
    await page.getByLabel("Email").fill("noah@example.com");
    await page.getByRole("checkbox").check();
    assertEquals(await state(), [null, null, "Send the referral", ""]);
    await page.getByRole("button").click();
    await isSent.promise;
    assertEquals(await state(), ["true", "true", "Sending…", "Sending…"]);
    await page.getByRole("button").dispatchEvent("click");
    await page.getByLabel("First name").press("Enter");
    await picture(page, `static-${width}-${colorScheme}-sending`);
    assertEquals([await violations(page), await overflows(page)], [[], false]);
    mayGoOn.resolve();
    await page.getByRole("heading", { name: "Thank you, Rita!" }).waitFor();

    assertEquals([submissions, (await alice.get("/referrals")).body.pagination.total], [1, 1]);
  });
}

Deno.test("a form that was not taken is no longer sending, and a mended link is heeded without a reload by hand", async () => {
  const { alice } = await world();
  const { token } = await ask(alice);
  await using visit = await openPage(browser);
  const { page } = visit;

  await page.goto(`${origin}/#${token.slice(0, -3)}`);
  await page.getByRole("heading", { level: 1, name: "We cannot find this link" }).waitFor();
  await page.evaluate(`location.hash = ${JSON.stringify(token)}`);
  await page.getByRole("heading", { level: 1, name: "Refer a friend to Alice's clinic" }).waitFor();
  await page.getByRole("button").click();
  await page.getByRole("alert").waitFor();

  const button = page.getByRole("button", { name: "Send the referral" });
  assertEquals([await button.getAttribute("aria-disabled"), await page.locator("form").getAttribute("aria-busy")], [
    null,
    null,
  ]);
  assertEquals(await page.locator("#status").textContent(), "");
});

Deno.test("a link that was taken back is told from one that expired, on opening and on sending", async () => {
  const { alice } = await world();
  await alice.changes("/company", { logo_url: "https://cdn.example.com/logo.png" });
  const [before, meanwhile] = await Promise.all([ask(alice), ask(alice)]);
  const withdraw = async ({ requestId }: { requestId: string }) =>
    assertEquals((await alice.delete(`/referrals/requests/${requestId}`)).status, 204);
  await using visit = await openPage(browser);
  const { page, context } = visit;
  await context.route("https://cdn.example.com/**", (route) => route.fulfill({ contentType: "image/png", body: "" }));
  const isBack = () => page.getByRole("heading", { level: 1, name: "This link is no longer in use" }).waitFor();

  await withdraw(before);
  await page.goto(`${origin}/?token=${before.token}`);
  await isBack();
  await page.goto(`${origin}/?token=${meanwhile.token}`);
  await page.getByLabel("First name").fill("Noah");
  await page.getByLabel("Email").fill("noah@example.com");
  await page.getByRole("checkbox").check();
  await withdraw(meanwhile);
  await page.getByRole("button").click();
  await isBack();

  assertEquals((await alice.get("/referrals")).body.pagination.total, 0);
});

Deno.test("it says kindly that a link is sent, expired or unknown, and that nobody answers", async () => {
  const { alice } = await world();
  const [late, open] = await Promise.all([ask(alice), ask(alice)]);
  await sql`update referral_requests set expires_at = now() - interval '1 second' where id = ${late.requestId}`;
  await using visit = await openPage(browser);
  const { page, context } = visit;
  const says = (name: string) => page.getByRole("heading", { level: 1, name }).waitFor();

  await page.goto(`${origin}/?token=${late.token}`);
  await says("This link has expired");
  await page.goto(`${origin}/?token=../../openapi.json`);
  await says("We cannot find this link");
  await page.goto(`${origin}/form.html`);
  await says("We cannot find this link");
  await page.goto(`${origin}/?token=${open.token}`);
  await page.getByLabel("First name").fill("Noah");
  await context.setOffline(true);
  await page.getByRole("button").click();
  await page.getByText("Your answers could not be sent just now.").waitFor();
  assertEquals(await page.getByLabel("First name").inputValue(), "Noah");
  await context.setOffline(false);
  await page.getByLabel("Email").fill("noah@example.com");
  await page.getByRole("checkbox").check();
  await page.getByRole("button").click();
  await says("Thank you, Rita!");
  await page.reload();
  await says("This form has been sent");
  await context.route(`${stack.url}/**`, (route) => route.abort());
  await page.reload();
  await says("You seem to be offline");

  assertEquals((await alice.get("/referrals")).body.pagination.total, 1);
});
