import { assert, assertEquals } from "@std/assert";
import postgres from "postgres";
import { eventually, type Json, type Person, type Reply, rest, sql, stack, workspace, world } from "../world/world.ts";

const said = ({ status, body }: Reply) => [status, body?.code, body?.message];

/** What a function knows of the request in which it runs, refused as PostgREST lets it. */
const tell = `
  raise sqlstate 'PGRST' using
    message = json_build_object('code', 'TOLD', 'message', json_build_object(
      'role', current_user, 'claims', current_setting('request.jwt.claims', true),
      'headers', current_setting('request.headers', true)::json, 'method', current_setting('request.method', true),
      'path', current_setting('request.path', true), 'read_only', current_setting('transaction_read_only'),
      'timeout', current_setting('statement_timeout'), 'seqscan', current_setting('enable_seqscan'))::text)::text,
    detail = '{"status": 418, "headers": {}}';
`;

function told(reply: Reply): Json {
  assertEquals([reply.status, reply.body?.code], [418, "TOLD"], reply.text);
  return JSON.parse(reply.body.message);
}

/** A trigger of this body for each contact that gets the last name. */
async function ruleFor(name: string, body: string): Promise<AsyncDisposable> {
  await sql.unsafe(`
    create function private.tried_rule() returns trigger language plpgsql set search_path = '' as $rule$ begin
      ${body} return new;
    end $rule$;
    create trigger crm_contacts_tried_rule before insert or update on public.crm_contacts
      for each row when (new.last_name = '${name}') execute function private.tried_rule();
  `);
  return { [Symbol.asyncDispose]: async () => void await sql.unsafe("drop function private.tried_rule() cascade") };
}

const trying = { headers: { "x-tried": "yes" } };

/** Has the data API call a function first, which tells what it knows to those who try it, and nobody else. */
async function toldFirst(): Promise<AsyncDisposable> {
  await sql.unsafe(`
    create function private.tried_first() returns void language plpgsql set search_path = '' as $rule$ begin
      if current_setting('request.headers', true)::json ->> 'x-tried' is null then return; end if;
      ${tell}
    end $rule$;
    grant execute on function private.tried_first() to anon, service_role, api_key;
    alter role authenticator set pgrst.db_pre_request = 'private.tried_first';
    notify pgrst, 'reload config';
  `);
  const tells = async () => (await rest("GET", "/companies", undefined, trying)).status === 418;
  await eventually(tells);
  return {
    async [Symbol.asyncDispose]() {
      await sql.unsafe(`alter role authenticator reset pgrst.db_pre_request; notify pgrst, 'reload config'`);
      await eventually(async () => !await tells());
      await sql.unsafe("drop function private.tried_first()");
    },
  };
}

Deno.test("a trigger of a table knows the request's headers, by small names, its method and its path", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita" });
  await using _rule = await ruleFor("Headers", tell);
  const options = { headers: { "X-Mark": 'mine, "quoted"', cookie: "a=b" } };

  const inserted = told(
    await alice.rest("POST", "/crm_contacts", { first_name: "Ada", last_name: "Headers" }, options),
  );
  const changed = told(await alice.rest("PATCH", `/crm_contacts?id=eq.${rita.id}`, { last_name: "Headers" }));

  assertEquals(inserted.headers["x-mark"], 'mine, "quoted"');
  assertEquals([inserted.headers.apikey, inserted.headers.cookie], [stack.publishableKey, undefined]);
  assertEquals([inserted.method, inserted.path, inserted.read_only], ["POST", "/crm_contacts", "off"]);
  assertEquals([changed.method, changed.path, changed.headers["x-mark"]], ["PATCH", "/crm_contacts", undefined]);
});

Deno.test("pgrst.db_pre_request is called in every request once role and claims stand, and may refuse it", async () => {
  const { alice } = await world();
  const rita = await alice.creates("/contacts", { first_name: "Rita" });
  {
    await using _first = await toldFirst();
    const one = `/crm_contacts?id=eq.${rita.id}`;
    const calls: [string, string, Json?][] = [
      ["GET", one],
      ["POST", "/crm_contacts", { first_name: "Ada" }],
      ["PATCH", one, { first_name: "Ada" }],
      ["DELETE", one],
      ["POST", "/rpc/require_scope", {}],
      ["POST", "/rpc/create_pipeline", { name: "Ada's", stages: [] }],
      ["GET", "/rpc/calling_country"],
    ];
    for (const [method, path, body] of calls) {
      const { role, claims, read_only, ...known } = told(await alice.rest(method, path, body, trying));
      const isRead = method === "GET" || path === "/rpc/require_scope";
      assertEquals([role, JSON.parse(claims).sub], ["api_key", alice.keyId]);
      assertEquals([known.method, known.path], [method, path.split("?")[0]]);
      assertEquals([path, method, read_only], [path, method, isRead ? "on" : "off"]);
    }
    assertEquals(told(await rest("GET", "/companies", undefined, trying)).role, "anon");
    assertEquals((await alice.rest("GET", one)).body.length, 1);
  }
  assertEquals((await alice.rest("GET", "/crm_contacts?select=first_name", undefined, trying)).body, [{
    first_name: "Rita",
  }]);
});

Deno.test("a role's settings hold for the requests that become it, and for nobody else", async () => {
  const { alice } = await world();
  await using _first = await toldFirst();
  const headers = { ...trying.headers, apikey: stack.secretKey };
  const ask = async () => {
    const replies = [
      await alice.rest("GET", "/companies", undefined, trying),
      await rest("GET", "/companies", undefined, trying),
    ];
    replies.push(await rest("GET", "/companies", undefined, { headers }));
    return replies.map(told).map(({ role, timeout, seqscan }) => [role, timeout, seqscan]);
  };

  const before = await ask();
  await sql`alter role api_key set statement_timeout = '7s'`;
  try {
    await sql`notify pgrst, 'reload config'`;
    await eventually(async () => (await ask())[0][1] === "7s");
  } finally {
    await sql`alter role api_key set statement_timeout = '8s'`;
    await sql`notify pgrst, 'reload config'`;
  }
  const after = await eventually(async () => (await ask())[0][1] === "8s" ? await ask() : undefined);

  assertEquals(before, [["api_key", "8s", "off"], ["anon", "0", "on"], ["service_role", "0", "on"]]);
  assertEquals(after, before);
});

/** The planner's guess of what a key sees of the contacts, where it knows the workspace and where it does not. */
async function guesses(person: Person): Promise<{ known: number; unknown: number }> {
  const superuser = postgres(stack.superuserUrl, { max: 1, onnotice: () => {} });
  const found = await superuser.begin(async (tx) => {
    const claims = { sub: person.keyId, company_id: person.companyId, role: "api_key", scopes: ["admin"] };
    await tx`select set_config('role', 'api_key', true), set_config('request.jwt.claims', ${
      JSON.stringify(claims)
    }, true)`;
    const rows = async (condition: string) => {
      const [plan] = await tx.unsafe(`explain (format json) select 1 from public.crm_contacts ${condition}`);
      return plan["QUERY PLAN"][0].Plan["Plan Rows"];
    };
    return { known: await rows(`where company_id = '${person.companyId}'`), unknown: await rows("") };
  });
  await superuser.end();
  return found;
}

Deno.test("a count that may be estimated is exact up to 1,000 rows, and the planner's guess beyond", async () => {
  const clinic = await workspace("Harbour Health");
  const add = async (rows: number) =>
    await sql`
      insert into crm_contacts (company_id, first_name)
      select ${clinic.companyId}, 'Rita' from generate_series(1, ${rows}::int)
    `;
  const total = async (query: string, count: string, method = "GET") => {
    const prefer = { headers: { prefer: `count=${count}` } };
    const { headers } = await clinic.rest(method, `/crm_contacts?select=id${query}`, undefined, prefer);
    return Number(headers.get("content-range")?.split("/")[1]);
  };
  const filter = `&company_id=eq.${clinic.companyId}`;

  await add(1000);
  assertEquals(await total("&limit=1", "estimated"), 1000);
  assertEquals(await total("&limit=1&offset=998", "estimated"), 1000);
  assertEquals(await total("&limit=1", "estimated", "HEAD"), 1000);
  await add(2000);
  await sql`analyze crm_contacts`;
  const { known, unknown } = await guesses(clinic);
  const counts = [await total("&limit=1", "estimated"), await total(`${filter}&limit=1`, "estimated")];
  const planned = [await total("&limit=1", "planned"), await total(`${filter}&limit=1`, "planned")];

  assertEquals(counts, [Math.max(1001, unknown), Math.max(1001, known)]);
  assertEquals(planned, [unknown, known]);
  assert(known > 1001 && unknown < known, `${known}, ${unknown}`);
  assertEquals(await total("&limit=1", "exact"), 3000);
});

Deno.test("an error of the database is answered by its own code, with the status that PostgREST gives it", async () => {
  const { alice } = await world();
  const name = "Sqlstate";
  await using _rule = await ruleFor(name, "raise exception 'no' using errcode = new.first_name, hint = 'wait';");
  const statuses = {
    "23502": 400,
    "23514": 400,
    "22P02": 400,
    "21000": 500,
    "25006": 405,
    "28000": 403,
    "40001": 500,
    "40P01": 500,
    "53100": 503,
    "53400": 500,
    "55P03": 500,
    "57014": 500,
    "P0001": 400,
    "P0002": 500,
    "XX000": 500,
    "RF001": 400,
    "PT418": 418,
  };
  for (const [code, status] of Object.entries(statuses)) {
    const reply = await alice.rest("POST", "/crm_contacts", { first_name: code, last_name: name });
    assertEquals([said(reply), reply.body.hint], [[status, code, "no"], "wait"]);
  }

  const broken = await alice.rest("POST", "/crm_contacts", { first_name: "", last_name: "Nameless" });
  const called = await alice.rest("POST", "/rpc/create_pipeline", { name: "", stages: [] });
  const constraint = 'violates check constraint "crm_contacts_first_name_check"';
  assertEquals(said(broken), [400, "23514", `new row for relation "crm_contacts" ${constraint}`]);
  assertEquals([called.status, called.body.code], [400, "23514"]);
});
