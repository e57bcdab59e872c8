import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import postgres from "postgres";
import { listen, type Listener } from "../world/listener.ts";
import { refusal } from "../world/sql_refusal.ts";
import { eventually, sql, stack } from "../world/world.ts";

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

/** Waits until the sender has nothing to do, and does not pause either. */
async function idle() {
  await eventually(async () => await queued("") === 0);
  await new Promise((resolve) => setTimeout(resolve, 3_100));
}

Deno.test("a commit wakes the sender at once, as the next does in its pause of a second; the third waits for the pause to end", async () => {
  await using nina = listen();
  await idle();
  const waits: number[] = [];

  for (let turn = 1; turn <= 3; turn++) {
    const started = performance.now();
    const id = (await sql`select net.http_delete(${`${nina.url}/${turn}`}) as id`)[0].id;
    await response(id);
    waits.push(performance.now() - started);
  }

  assert(waits[0] + waits[1] < 2_000 && waits[2] > 700, waits.join(", "));
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

Deno.test("a batch waits for its slowest, which is given up; who is not there is recorded", async () => {
  const never = Promise.withResolvers<Response>();
  await using nina = listen(({ path }) => path === "/hangs" ? never.promise : new Response());
  const nowhere = listen();
  await nowhere[Symbol.asyncDispose]();
  const post = (path: string, milliseconds: number) =>
    sql`select net.http_post(${nina.url + path}, timeout_milliseconds => ${milliseconds}) as id`;
  await idle();

  const [[{ id: hangs }], [{ id: quick }], [{ id: lost }]] = await sql.begin((tx) => [
    tx`select net.http_post(${`${nina.url}/hangs`}, timeout_milliseconds => 2000) as id`,
    tx`select net.http_post(${`${nina.url}/quick`}) as id`,
    tx`select net.http_get(${nowhere.url}) as id`,
  ]);
  await Promise.all([nina.got("/hangs"), nina.got("/quick")]);
  const [{ id: next }] = await post("/next", 5000);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const given = await sql`select from net._http_response where id in (${hangs}, ${quick}, ${lost})`;
  // As with pg_net: what asks whether a call is waiting sees it until its batch is answered.
  const [waiting, sent] = [await queued(`${nina.url}/`), paths(nina)];
  const [late, answered, missing, after] = await Promise.all([hangs, quick, lost, next].map(response));

  assertEquals([given.length, waiting, sent.includes("/next")], [0, 3, false]);
  assertEquals([late.status_code, late.timed_out, late.error_msg], [null, true, "Timeout of 2000 ms reached."]);
  assertEquals([missing.status_code, missing.timed_out], [null, false]);
  assertNotEquals(missing.error_msg, null);
  assertEquals([answered.status_code, after.status_code, await queued(`${nina.url}/`)], [200, 200, 0]);
  assertEquals(paths(nina).filter((path) => path === "/hangs"), ["/hangs"]);
});

Deno.test("a wake-up is lost while one of the sender's tables is locked: the call waits for the next one", async () => {
  await using nina = listen();
  const superuser = postgres(stack.superuserUrl, { max: 1, onnotice: () => {} });
  await idle();

  const [{ id }] = await superuser.begin(async (tx) => {
    await tx`lock table net._http_response`;
    const call = await sql`select net.http_get(${`${nina.url}/lost`}) as id`;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return call;
  });
  await superuser.end();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const stood = [await queued(nina.url), paths(nina)];
  await sql`select net.http_get(${`${nina.url}/next`})`;

  assertEquals(stood, [1, []]);
  assertEquals((await response(id)).status_code, 204);
  assertEquals(paths(nina).sort(), ["/lost", "/next"]);
});
