import { assert, assertEquals } from "@std/assert";
import { ask } from "../world/ask.ts";
import { launchChromium, openPage, overflows, picture, violations } from "../world/chromium.ts";
import { type Person, sql, stack, world } from "../world/world.ts";

const browser = await launchChromium();
Deno.test.afterAll(() => browser.close());

const referrals = async (person: Person) => (await person.get("/referrals")).body.pagination.total;
const image = {
  contentType: "image/svg+xml",
  body:
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 40"><rect width="40" height="40" rx="8" fill="#0f766e"/>
    <text x="52" y="28" font-family="sans-serif" font-size="24">Harbour</text></svg>`,
};

for (const [primary_color, logo_url] of [["#ffffff", "https://cdn.example.com/logo.svg"], ["#7a7a7a", null]] as const) {
  Deno.test(`every page reads well on phone and desktop, light and dark, in ${primary_color}`, async () => {
    const { alice } = await world();
    await alice.changes("/company", { primary_color, logo_url, name: "Donaudampfschifffahrtsgesellschaftskapitän" });
    await alice.changes("/company/crm-settings", { referral_categories: ["Physiotherapy", "W".repeat(80)] });
    const [open, late, withdrawn] = await Promise.all([ask(alice), ask(alice), ask(alice)]);
    await sql`update referral_requests set expires_at = now() - interval '1 second' where id = ${late.requestId}`;
    await alice.delete(`/referrals/requests/${withdrawn.requestId}`);
    await using visit = await openPage(browser, { bypassCSP: true });
    const { page, context } = visit;
    await context.route("https://cdn.example.com/**", (route) => route.fulfill(image));
    const readsWell = async (name: string, heading: string) => {
      await page.getByRole("heading", { level: 1, name: heading }).waitFor();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        for (const width of [320, 390, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          await picture(page, `${primary_color.slice(1)}-${width}-${colorScheme}-${name}`);
          assertEquals(await overflows(page), false, `${name} at ${width}`);
        }
        assertEquals(await violations(page), [], `${name}, ${colorScheme}`);
      }
    };

    await page.goto(stack.apiUrl + open.form);
    await readsWell("form", "Refer a friend to");
    await page.getByRole("button").click();
    await page.getByRole("alert").waitFor();
    await readsWell("errors", "Refer a friend to");
    await page.getByLabel("First name").fill("Noah");
    await page.getByLabel("Email").fill("noah@example.com");
    await page.getByRole("checkbox").check();
    await page.getByRole("button").click();
    await readsWell("thanks", "Thank you, Rita!");
    for (
      const [name, path, heading] of [
        ["submitted", open.form, "This form has been sent"],
        ["expired", late.form, "This link has expired"],
        ["withdrawn", withdrawn.form, "This link is no longer in use"],
        ["unknown", "/refer/unknown", "We cannot find this link"],
        ["tokenless", "/refer", "We cannot find this link"],
        ["unsubscribe", open.unsubscribe, "Stop these emails?"],
      ]
    ) {
      await page.goto(stack.apiUrl + path);
      await readsWell(name, heading);
    }
    await page.getByRole("button").click();
    await readsWell("unsubscribed", "You are unsubscribed");
    assertEquals(await referrals(alice), 1);
  });
}

Deno.test("by keyboard alone noah's details are corrected and sent, under the page's own policy", async () => {
  const { alice } = await world();
  await alice.changes("/company", { logo_url: "https://cdn.example.com/logo.svg" });
  const { form } = await ask(alice);
  await using visit = await openPage(browser);
  const { page, context, complaints } = visit;
  await context.route(
    "https://cdn.example.com/**",
    (route) => route.fulfill(image),
  );
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () => page.evaluate("document.activeElement.id || document.activeElement.getAttribute('role')");

  await page.goto(stack.apiUrl + form);
  await press("Tab");
  assertEquals(await focused(), "first_name");
  await press("Tab", "Tab", "Tab", "Tab", "Tab");
  assertEquals(await focused(), "consent");
  await press("Space", "Tab", "Enter");
  await page.getByRole("alert").waitFor();
  assertEquals(await focused(), "alert");
  assert(await page.evaluate("document.querySelector('.logo').naturalWidth > 0"));
  await press("Tab", "Enter");
  assertEquals(await focused(), "first_name");
  await page.keyboard.type("Noah");
  await press("Tab", "Tab");
  await page.keyboard.type("noah@example.com");
  await press("Enter");
  await page.getByRole("heading", { name: "Thank you, Rita!" }).waitFor();

  assertEquals(await referrals(alice), 1);
  assertEquals(complaints.filter((complaint) => !complaint.includes("status of 400")), []);
});

Deno.test("without script the form answers, keeps what was typed, and hands it in", async () => {
  const { alice } = await world();
  await alice.changes("/company/crm-settings", { referral_categories: ["MRI"] });
  const { form, requestId } = await ask(alice);
  await using visit = await openPage(browser, { javaScriptEnabled: false });
  const { page } = visit;

  await page.goto(stack.apiUrl + form);
  await page.getByLabel("First name").fill("Noah");
  await page.getByLabel("Phone").fill("12");
  await page.getByLabel("What is it about?").selectOption("MRI");
  await page.getByLabel("Anything to add?").fill("Line 1\nLine 2");
  await page.getByRole("checkbox").check();
  await page.getByRole("button").click();
  await page.getByRole("alert").waitFor();
  assertEquals(await page.getByLabel("First name").inputValue(), "Noah");
  assertEquals(await page.getByRole("checkbox").isChecked(), true);
  assertEquals(await referrals(alice), 0);
  assertEquals((await alice.gets(`/referrals/requests/${requestId}`)).viewed_at, null);
  await page.getByLabel("Phone").fill("0412 000 106");
  await page.getByRole("button").click();
  await page.getByRole("heading", { name: "Thank you, Rita!" }).waitFor();

  const [referral] = await alice.gets("/referrals?expand=referred_contact");
  assertEquals([referral.category, referral.notes], ["MRI", "Line 1\nLine 2"]);
  assertEquals(referral.referred_contact.phone, "+61412000106");
});
