import { assertEquals } from "@std/assert";
import { ask } from "../world/ask.ts";
import { launchChromium, openPage } from "../world/chromium.ts";
import { call, eventually, sql, stack, world } from "../world/world.ts";

const browser = await launchChromium();
Deno.test.afterAll(() => browser.close());

const viewedAt = async (requestId: string) =>
  (await sql`select viewed_at from referral_requests where id = ${requestId}`)[0].viewed_at;

Deno.test("a visit stamps viewed, once; a plain GET, HEAD and pages fetched ahead of a visit do not", async () => {
  const { alice } = await world();
  const [visited, prefetched, ahead] = await Promise.all([ask(alice), ask(alice), ask(alice)]);
  const base = new URL(stack.apiUrl).pathname;
  const rules = JSON.stringify({ prerender: [{ urls: [base + ahead.form], eagerness: "immediate" }] });
  const start = `<!doctype html><link rel="icon" href="data:,"><link rel="prefetch" href="${base + prefetched.form}">
    <script type="speculationrules">${rules}</script>`;
  const seen: string[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/start") return new Response(start, { headers: { "content-type": "text/html" } });
    const answer = await fetch(stack.url + pathname, { method: request.method, body: request.body });
    seen.push(`${request.method} ${pathname.slice(base.length)} ${request.headers.get("sec-purpose") ?? ""}`.trim());
    return answer;
  });
  await using visit = await openPage(browser);
  const { page } = visit;

  for (const method of ["GET", "HEAD"]) await call(method, visited.form);
  await page.goto(`http://127.0.0.1:${server.addr.port}/start`);
  await eventually(() => seen.length >= 2);
  await page.waitForLoadState("networkidle");
  assertEquals(seen.sort(), [`GET ${ahead.form} prefetch;prerender`, `GET ${prefetched.form} prefetch`].sort());
  assertEquals(await Promise.all([visited, prefetched, ahead].map(({ requestId }) => viewedAt(requestId))), [
    null,
    null,
    null,
  ]);

  await page.goto(stack.apiUrl + visited.form);
  const first = await eventually(() => viewedAt(visited.requestId));
  await page.reload();
  await page.waitForLoadState("networkidle");
  assertEquals(await viewedAt(visited.requestId), first);
  assertEquals(await viewedAt(prefetched.requestId), null);
});

for (
  const [property, away, here] of [["visibilityState", "hidden", "visible"], ["prerendering", true, false]] as const
) {
  Deno.test(`a page whose ${property} is ${away} stamps viewed only once it is ${here}`, async () => {
    const { alice } = await world();
    const { form, requestId } = await ask(alice);
    await using visit = await openPage(browser);
    const { page } = visit;
    const becomes = (value: unknown) =>
      `Object.defineProperty(document, "${property}", { value: ${JSON.stringify(value)}, configurable: true })`;
    await page.addInitScript({ content: becomes(away) });

    await page.goto(stack.apiUrl + form);
    await page.waitForLoadState("networkidle");
    assertEquals(await viewedAt(requestId), null);
    await page.evaluate(
      `${becomes(here)} && document.dispatchEvent(new Event("${property.replace("State", "")}change"))`,
    );

    await eventually(() => viewedAt(requestId));
  });
}
