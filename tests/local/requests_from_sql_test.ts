import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { listen, type Listener } from "../world/listener.ts";
import { refusal } from "../world/sql_refusal.ts";
import { eventually, sql } from "../world/world.ts";

const response = (id: string) =>
  eventually(async () => (await sql`select * from net._http_response where id = ${id}`)[0]);
const paths = ({ received }: Listener) => received.map(({ path }) => path);
const queued = async (url: string) => {
  const [{ count }] = await sql`select count(*)::int from net.http_request_queue where url like ${`${url}%`}`;
  return count;
};

Deno.test("a request is sent when its transaction commits, once, and never when it rolls back", async () => {
  await using nina = listen(() => Response.json({ well: "done" }));
  const rollback = new Error("rolled back");
  await sql.begin(async (tx) => {
    await tx`select net.http_post(${`${nina.url}/rolled-back`})`;
    throw rollback;
  }).catch((error) => assertEquals(error, rollback));

  const id = await sql.begin(async (tx) => {
    const [{ id }] = await tx`
      select net.http_post(${`${nina.url}/late`}, '{"a": 1}', '{"q": "x & ü"}', '{"X-Mark": "mine"}') as id
    `;
    await sql`select net.http_get(${`${nina.url}/soon`})`;
    await nina.got("/soon");
    assertEquals(paths(nina), ["/soon"]);
    return id;
  });

  const late = await nina.got("/late?q=x%20%26%20%c3%bc");
  const { status_code, content_type, content, timed_out, error_msg } = await response(id);
  assertEquals([late.text, late.headers["x-mark"]], ['{"a": 1}', "mine"]);
  assertEquals(late.headers["content-type"], "application/json");
  assertEquals([status_code, content_type, content], [200, "application/json", '{"well":"done"}']);
  assertEquals([timed_out, error_msg], [false, null]);
  assertEquals(nina.received.length, 2);
  assertEquals(await queued(nina.url), 0);
});

Deno.test("a commit wakes the sender at once", async () => {
  await using nina = listen();
  const started = performance.now();

  for (let turn = 1; turn <= 5; turn++) {
    await sql`select net.http_delete(${`${nina.url}/${turn}`})`;
    await nina.got(`/${turn}`);
  }

  // Looking every second would take it five.
  assert(performance.now() - started < 3000);
});

Deno.test("what cannot be called is refused to the caller, and not sent", async () => {
  await using nina = listen();

  assertEquals(await refusal(sql`select net.http_post('localhost:6666')`), 'P0001 invalid URL "localhost:6666"');
  assertEquals(await refusal(sql`select net.http_get('/contacts')`), 'P0001 invalid URL "/contacts"');
  assertEquals(await refusal(sql`select net.http_delete('http://')`), 'P0001 invalid URL "http://"');
  assertMatch(await refusal(sql`select net.http_post(null)`), /^23502 null value in column "url"/);
  assertEquals(
    await refusal(sql`select net.http_post(${nina.url}, headers => '{"content-type": "text/plain"}')`),
    'P0001 Content-Type header must be "application/json"',
  );

  await sql`select net.http_post(${`${nina.url}/next`}, headers => '{"content-type": "application/json"}')`;
  await nina.got("/next");
  assertEquals(paths(nina), ["/next"]);
});

Deno.test("who never answers keeps nobody else waiting, and is given up; who is not there is recorded", async () => {
  const never = Promise.withResolvers<Response>();
  await using nina = listen(({ path }) => path === "/hangs" ? never.promise : new Response());
  const post = async (path: string, milliseconds: number) =>
    (await sql`select net.http_post(${nina.url + path}, timeout_milliseconds => ${milliseconds}) as id`)[0].id;
  const nowhere = listen();
  await nowhere[Symbol.asyncDispose]();

  const hangs = await post("/hangs", 2000);
  await nina.got("/hangs");
  const others = await Promise.all(Array.from({ length: 20 }, (_, index) => post(`/${index}`, 5000)));
  const [{ id: lost }] = await sql`select net.http_get(${nowhere.url}) as id`;
  const answers = await Promise.all(others.map(response));
  const given = await sql`select from net._http_response where id = ${hangs}`;
  // As with pg_net: what asks whether a call is waiting sees it until it is answered.
  const waiting = await queued(`${nina.url}/`);
  const [missing, late] = await Promise.all([response(lost), response(hangs)]);

  assertEquals(answers.map(({ status_code }) => status_code), Array(20).fill(200));
  assertEquals([[...given], waiting, await queued(`${nina.url}/`)], [[], 1, 0]);
  assertEquals(nina.to("/hangs").length, 1);
  assertEquals([late.status_code, late.timed_out, late.error_msg], [null, true, "Timeout of 2000 ms reached."]);
  assertEquals([missing.status_code, missing.timed_out], [null, false]);
  assertNotEquals(missing.error_msg, null);
});
