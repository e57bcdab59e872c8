import { assert, assertEquals } from "@std/assert";
import { listen } from "../world/listener.ts";
import { neverEnding } from "../world/never_ending.ts";
import { subscribeAll, unsubscribeAll } from "../world/subscribe_all.ts";
import { allow, eventually, sql, workspace } from "../world/world.ts";

const healthy = 96;
const backlog = 150;
const burst = 3;

Deno.test("four bad endpoints with a backlog keep the 96 others of their workspace waiting for less than 2 s", async (t) => {
  const clinic = await workspace("Harbour Health");
  await allow(clinic, "subscriptions", 100);
  await using opened = new AsyncDisposableStack();
  // Nothing is tried again once these endpoints are gone.
  opened.defer(() => unsubscribeAll(clinic));
  const hanging = opened.use(neverEnding());
  const streaming = opened.use(neverEnding("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const inside = opened.use(listen());
  const crm = opened.use(
    listen(({ path }) =>
      path === "/broken"
        ? new Response(null, { status: 500 })
        : path === "/elsewhere"
        ? Response.redirect(inside.url, 307)
        : new Response(null, { status: 204 })
    ),
  );
  const [{ id: rita }] = await sql`
    insert into crm_contacts (company_id, first_name) values (${clinic.companyId}, 'Rita') returning id
  `;
  const refer = (count: number) =>
    sql`
      insert into referrals (company_id, referrer_contact_id)
      select ${clinic.companyId}, ${rita} from generate_series(1, ${count})
    `;
  const bad = await subscribeAll(clinic, [hanging.url, streaming.url, `${crm.url}/broken`, `${crm.url}/elsewhere`]);
  await refer(backlog);
  await eventually(() => crm.to("/broken").length === backlog);
  await subscribeAll(clinic, Array.from({ length: healthy }, (_, i) => `${crm.url}/good/${i}`));

  for (let i = 0; i < burst; i++) await refer(1);
  const told = () => crm.received.filter(({ path }) => path.startsWith("/good/"));
  await eventually(() => told().length >= healthy * burst, 30);

  const delays = told().map(({ at, body }) => at - Date.parse(body.timestamp)).sort((a, b) => a - b);
  const p99 = delays[Math.ceil(delays.length * 0.99) - 1];
  console.log(`p99 of ${delays.length} deliveries: ${p99} ms`);
  assertEquals([delays.length, new Set(told().map(({ path }) => path)).size], [healthy * burst, healthy]);
  assert(p99 < 2_000, `p99 ${p99} ms`);

  await t.step("the bad ones' tries are recorded as what they were", async () => {
    const tries = async (url: string) =>
      (await sql`
        select distinct response_status, error from webhook_deliveries
        where subscription_id = ${bad.find((one) => one.url === url)!.id} and attempt_count > 0
      `).map(({ response_status, error }) => [response_status, error]);
    await eventually(async () => (await tries(hanging.url)).length > 0 && (await tries(streaming.url)).length > 0, 30);
    assertEquals(await tries(hanging.url), [[null, "There was no answer within 15 s."]]);
    assertEquals(await tries(streaming.url), [[200, null]]);
    assertEquals(await tries(`${crm.url}/broken`), [[500, "It answered 500, not 2xx."]]);
    assertEquals(await tries(`${crm.url}/elsewhere`), [[307, "It answered 307: redirects are not followed."]]);
    assertEquals(inside.received, []);
  });
});
