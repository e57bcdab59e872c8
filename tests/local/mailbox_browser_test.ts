import { assertEquals } from "@std/assert";
import { Resend } from "resend";
import { startMailbox } from "../../local/mailbox/mailbox.ts";
import { launchChromium, openPage, overflows, picture, violations } from "../world/chromium.ts";
import { listen } from "../world/listener.ts";
import { letter } from "../world/mailbox.ts";

const browser = await launchChromium();
Deno.test.afterAll(() => browser.close());

/** A mailbox of its own, and how a mail gets into it. */
async function box() {
  const mailbox = await startMailbox(0);
  const { emails } = new Resend("re_test", { baseUrl: mailbox.url });
  return {
    url: mailbox.url,
    receives: async (mail: Record<string, unknown>) => (await emails.send(letter(mail))).data!.id,
    subjects: async () => (await emails.list()).data!.data.map(({ subject }) => subject),
    [Symbol.asyncDispose]: () => mailbox.stop(),
  };
}

const hostile = `<script>parent.document.title = "taken"; fetch("/emails", { method: "DELETE" })</script>
<form action="/emails" method="post"><button>Go</button></form><p>Dear Rita</p><img src="https://cdn.example.com/logo.png" alt="">`;

Deno.test("a mail's remote images load only once they are asked for, and nothing of it runs even then", async () => {
  await using mailbox = await box();
  const [id, plain] = [
    await mailbox.receives({ subject: "Hostile", html: hostile }),
    await mailbox.receives({ subject: "Plain", html: "<p>Dear Rita</p>" }),
  ];
  await using visit = await openPage(browser);
  const { page, context } = visit;
  const asked: string[] = [];
  await context.route("https://cdn.example.com/**", (route) => {
    asked.push(route.request().headers().referer ?? "nobody");
    return route.fulfill({ contentType: "image/png", body: "" });
  });

  await page.goto(`${mailbox.url}/mails/${id}`);
  await page.frameLocator("iframe").getByText("Dear Rita").waitFor();
  const unasked = [...asked];
  await page.getByRole("link", { name: "Show remote images" }).click();
  await page.frameLocator("iframe").getByText("Dear Rita").waitFor();
  await page.waitForLoadState("networkidle");
  const shown = [...asked];
  await page.getByRole("link", { name: "Leave remote images out" }).click();
  await page.frameLocator("iframe").getByText("Dear Rita").waitFor();
  await page.waitForLoadState("networkidle");

  assertEquals([unasked, shown, asked], [[], ["nobody"], ["nobody"]]);
  assertEquals([await page.title(), await mailbox.subjects()], ["Hostile", ["Plain", "Hostile"]]);
  const policy = async (query: string) =>
    (await fetch(`${mailbox.url}/mails/${id}/html${query}`)).headers.get("content-security-policy")!;
  const [without, loading] = [await policy(""), await policy("?images=remote")];
  assertEquals(loading, without.replace("img-src data:", "img-src data: https:"));
  assertEquals(without, await policy("?images=*"));
  await page.goto(`${mailbox.url}/mails/${plain}`);
  assertEquals(await page.getByRole("link", { name: "Show remote images" }).count(), 0);
});

Deno.test("who searches sees the mails with all their words, in subject, address or text, and nothing else", async () => {
  await using mailbox = await box();
  const to = `"grace" <GRACE@example.com>`;
  const id = await mailbox.receives({ subject: "Your knee", to, text: "We look after Noah" });
  await mailbox.receives({ subject: "Your hip", text: "We look after Ada" });
  await using visit = await openPage(browser);
  const { page } = visit;
  const found = () => page.locator("nav li b").allTextContents();

  await page.goto(mailbox.url);
  assertEquals(await found(), ["Your hip", "Your knee"]);
  for (const words of ["KNEE", "noah  after", "grace@example.com your"]) {
    await page.getByRole("searchbox").fill(words);
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByText("1 found").waitFor();
    assertEquals([await found(), await page.getByRole("searchbox").inputValue()], [["Your knee"], words.trim()]);
  }
  await page.getByRole("link", { name: "Your knee" }).click();
  await page.getByRole("heading", { name: "Your knee" }).waitFor();
  assertEquals([await found(), new URL(page.url()).pathname], [["Your knee"], `/mails/${id}`]);
  await page.getByRole("searchbox").fill("<b>nobody");
  await page.getByRole("searchbox").press("Enter");
  await page.getByText("0 found").waitFor();
  assertEquals(await found(), []);
  await page.getByRole("link", { name: "show all" }).click();
  assertEquals((await found()).length, 2);
});

Deno.test("one mail is deleted, then all once that is confirmed, and no other page can", async () => {
  await using mailbox = await box();
  await using nina = listen(() => new Response("Nina", { headers: { "content-type": "text/html" } }));
  const id = await mailbox.receives({ subject: "First" });
  for (const subject of ["Second", "Third"]) await mailbox.receives({ subject });
  await using visit = await openPage(browser);
  const { page } = visit;
  const answers: boolean[] = [false, true];
  page.on("dialog", (dialog) => answers.shift() ? dialog.accept() : dialog.dismiss());

  await page.goto(nina.url);
  const tried = await page.evaluate(`Promise.all(["/emails", "/emails/${id}"].map((path) =>
    fetch("${mailbox.url}" + path, { method: "DELETE" }).then(() => "deleted", () => "refused")))`);
  assertEquals([tried, (await mailbox.subjects()).length], [["refused", "refused"], 3]);

  await page.goto(`${mailbox.url}/mails/${id}`);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.waitForURL(`${mailbox.url}/`);
  assertEquals(await mailbox.subjects(), ["Third", "Second"]);
  assertEquals((await fetch(`${mailbox.url}/emails/${id}`, { method: "DELETE" })).status, 404);
  await page.getByRole("button", { name: "Delete all" }).click();
  assertEquals((await mailbox.subjects()).length, 2);
  await page.getByRole("button", { name: "Delete all" }).click();
  await page.getByRole("heading", { name: "No mail yet" }).waitFor();
  assertEquals(await mailbox.subjects(), []);
});

for (const width of [375, 1280]) {
  Deno.test(`at ${width} pixels every page of the mailbox reads well, and a mail is as wide as a phone where asked`, async () => {
    await using mailbox = await box();
    const id = await mailbox.receives({
      subject: "Thank you, Rita: " + "a long subject ".repeat(6),
      html: hostile + "<p>We look after your friend.</p>".repeat(30),
    });
    await mailbox.receives({ subject: "W".repeat(120) });
    await using visit = await openPage(browser, { viewport: { width, height: 800 }, bypassCSP: true });
    const { page } = visit;
    const pages = {
      inbox: "/",
      found: "/?search=rita",
      mail: `/mails/${id}`,
      phone: `/mails/${id}?width=phone`,
      text: `/mails/${id}?view=text`,
      headers: `/mails/${id}?view=headers`,
      gone: `/mails/${crypto.randomUUID()}`,
    };

    for (const [name, path] of Object.entries(pages)) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.goto(mailbox.url + path);
        await picture(page, `mailbox-${width}-${colorScheme}-${name}`);
        assertEquals([name, await violations(page), await overflows(page)], [name, [], false]);
      }
    }
    await page.goto(mailbox.url + pages.phone);
    const { width: shown } = (await page.locator("iframe").boundingBox())!;
    assertEquals(shown <= 375, true, `${shown} pixels`);
    assertEquals(await page.getByRole("link", { name: "Show at full width" }).isVisible(), width === 1280);
  });
}
