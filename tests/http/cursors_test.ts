import { assert, assertEquals } from "@std/assert";
import { tableOf } from "../world/lists.ts";
import { type Json, type Person, sql, world } from "../world/world.ts";

type List = keyof typeof tableOf;
const lists = ["/referrals", "/opportunities", "/deals", "/contacts", "/pipelines"] as const;

/** Gives `count` rows of one list, whose instants come from `at`: an expression of `n`, the row's number. */
async function fill({ companyId }: Person, path: List, count: number, at: string): Promise<void> {
  const table = tableOf[path];
  const instants = sql.unsafe(`${at}, ${at}`);
  const rows = sql`generate_series(1, ${count}::int) as n`;
  if (table !== "referrals") {
    const name = sql(table === "crm_contacts" ? "first_name" : "name");
    await sql`insert into ${sql(table)} (company_id, ${name}, created_at, updated_at)
      select ${companyId}, 'Row ' || n, ${instants} from ${rows}`;
    return;
  }
  await sql`insert into crm_contacts (company_id, first_name) values (${companyId}, 'Rita')`;
  await sql`insert into referrals (company_id, referrer_contact_id, created_at, updated_at)
    select ${companyId}, (select id from crm_contacts where company_id = ${companyId} limit 1), ${instants} from ${rows}`;
}

/** Pages from one end to the other: the ids of each page, and the cursor that leads back from the last. */
async function pageThrough(person: Person, path: string, query: string, way: "after" | "before" = "after", from = "") {
  const pages: string[][] = [];
  let cursor = from;
  let back = null;
  do {
    const { status, text, body } = await person.get(`${path}?${query}${cursor && `&${way}=${cursor}`}`);
    assertEquals(status, 200, text);
    const { next_cursor, prev_cursor, has_more } = body.pagination;
    const [on, home] = way === "after" ? [next_cursor, prev_cursor] : [prev_cursor, next_cursor];
    assertEquals(on !== null, has_more, "has_more says whether there is a cursor further on");
    assertEquals(home === null, cursor === "", "only the first page has no way back");
    assert(pages.length < 100, "the paging does not end");
    pages.push(body.data.map((row: Json) => row.id));
    cursor = on;
    back = home;
  } while (cursor);
  return { pages, ids: pages.flat(), back };
}

for (const path of lists) {
  Deno.test(`${path} pages forward and back over equal instants: each row once, in order`, async () => {
    const { alice } = await world();
    await fill(alice, path, 20, "timestamptz '2026-01-01Z' + (n / 9) * interval '1 ms'");
    const table = sql(tableOf[path]);

    for (const sort of ["created_at", "updated_at"]) {
      for (const order of ["asc", "desc"]) {
        const rows = await sql`select id from ${table} where company_id = ${alice.companyId}
          order by ${sql(sort)} ${sql.unsafe(order)}, id ${sql.unsafe(order)}`;
        const wanted = rows.map((row) => row.id);
        const query = `limit=7&sort=${sort}&order=${order}`;

        const forward = await pageThrough(alice, path, query);
        const back = await pageThrough(alice, path, query, "before", forward.back);

        assertEquals(forward.ids, wanted, query);
        assertEquals(forward.pages.map((page) => page.length), [7, 7, 6]);
        assertEquals(back.pages.toReversed().flat(), wanted.slice(0, 14), `${query} back`);
      }
    }
  });
}

/** Runs `paging` while other clients make a thousand rows, old and new, among those that are there. */
async function whileOthersInsert<T>(person: Person, path: List, paging: () => Promise<T>): Promise<T> {
  const inserts = async () => {
    for (let i = 0; i < 25; i++) {
      await fill(person, path, 10, "clock_timestamp() + (random() - 0.5) * (n % 2) * interval '2 h'");
    }
  };
  const [found] = await Promise.all([paging(), ...[1, 2, 3, 4].map(inserts)]);
  return found;
}

for (const order of ["asc", "desc"]) {
  Deno.test(`while others insert, paging ${order} in both directions skips no row and repeats none`, async () => {
    const { alice } = await world();
    await fill(alice, "/contacts", 300, "now() + ((n % 50) - 25) * interval '1 min'");
    const before = (await sql`select id from crm_contacts where company_id = ${alice.companyId}`).map((row) => row.id);
    const query = `limit=30&order=${order}`;

    const [forward, back] = await whileOthersInsert(alice, "/contacts", async () => {
      const forward = await pageThrough(alice, "/contacts", query);
      return [forward, await pageThrough(alice, "/contacts", query, "before", forward.back)];
    });

    const last = forward.pages.at(-1)!;
    const [{ count }] = await sql`select count(*)::int from crm_contacts where company_id = ${alice.companyId}`;
    assertEquals(count, 1_300);
    assert(forward.ids.length > before.length, "nobody inserted meanwhile");
    for (
      const { ids, mustHold } of [
        { ids: forward.ids, mustHold: before },
        { ids: back.ids, mustHold: before.filter((id) => !last.includes(id)) },
      ]
    ) {
      assertEquals(ids.length, new Set(ids).size, "a row came twice");
      assertEquals(mustHold.filter((id) => !ids.includes(id)), [], "a row was skipped");
    }
  });
}

Deno.test("rows changed while alice pages by updated_at come once, and the paging ends", async () => {
  const { alice } = await world();
  await fill(alice, "/contacts", 60, "timestamptz '2026-01-01Z' + n * interval '1 ms'");
  const rows = await sql`select id from crm_contacts where company_id = ${alice.companyId} order by updated_at`;
  const query = "limit=7&sort=updated_at&order=asc";
  const first = await alice.get(`/contacts?${query}`);
  let paging = true;
  let changes = 0;
  const change = async () => {
    for (let i = 0; paging; i = (i + 1) % 50) {
      await sql`update crm_contacts set job_title = ${`Change ${++changes}`} where id = ${rows[i].id}`;
    }
  };
  const page = async () => {
    try {
      return (await pageThrough(alice, "/contacts", query, "after", first.body.pagination.next_cursor)).ids;
    } finally {
      paging = false;
    }
  };

  const [rest] = await Promise.all([page(), change()]);

  const ids = [...first.data.map((row: Json) => row.id), ...rest];
  assertEquals(ids.length, new Set(ids).size, "a row came twice");
  assertEquals(ids.slice(-10), rows.slice(-10).map((row) => row.id), "those nobody changed all came");
  assert(changes > 20, `only ${changes} changes were made meanwhile`);
});

Deno.test("a list that fits on one page has no cursors, and one that was emptied meanwhile ends", async () => {
  const { alice } = await world();
  const bare = { limit: 2, total: 0, has_more: false, next_cursor: null, prev_cursor: null };
  assertEquals((await alice.get("/contacts?limit=2")).body.pagination, bare);
  await fill(alice, "/contacts", 2, "now()");
  assertEquals((await alice.get("/contacts?limit=2")).body.pagination, { ...bare, total: 2 });
  const { next_cursor } = (await alice.get("/contacts?limit=1")).body.pagination;

  await sql`delete from crm_contacts where company_id = ${alice.companyId}`;

  const emptied = await alice.get(`/contacts?limit=1&after=${next_cursor}`);
  assertEquals([emptied.status, emptied.data], [200, []]);
  assertEquals(emptied.body.pagination, { ...bare, limit: 1 });
});

Deno.test("a cursor fits only its own list, sort, order and filters, whole and unaltered", async () => {
  const { alice } = await world();
  for (const path of ["/contacts", "/pipelines"] as const) await fill(alice, path, 4, "now() - n * interval '1 s'");
  const query = "search=Row&limit=1";
  const cursor: string = (await alice.get(`/contacts?${query}`)).body.pagination.next_cursor;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const altered = [...cursor].map((letter, i) =>
    cursor.slice(0, i) + alphabet[alphabet.indexOf(letter) ^ 32] + cursor.slice(i + 1)
  );
  const minted = (...parts: unknown[]) => btoa(JSON.stringify(parts)).replace(/=+$/, "");

  const refused = [
    `/pipelines?limit=1&after=${cursor}`,
    `/contacts?limit=1&after=${cursor}`,
    `/contacts?search=row&limit=1&after=${cursor}`,
    `/contacts?${query}&order=asc&after=${cursor}`,
    `/contacts?${query}&sort=updated_at&after=${cursor}`,
    `/contacts?${query}&created_after=2026-01-01T00:00:00Z&after=${cursor}`,
    `/contacts?${query}&after=${cursor}&before=${cursor}`,
    `/contacts?${query}&after=&before=${cursor}`,
    ...[
      "",
      "%20",
      "x",
      "null",
      "W10",
      "é",
      "%00",
      "a".repeat(501),
      minted("x", "y", "z", null),
      cursor + "A",
      cursor + ".",
    ]
      .flatMap((text) => [`/contacts?${query}&after=${text}`, `/contacts?${query}&before=${text}`]),
    ...[1, 10, cursor.length - 2].map((length) => `/contacts?${query}&after=${cursor.slice(0, length)}`),
    ...altered.map((text) => `/contacts?${query}&after=${text}`),
  ];
  const passed = [];
  for (const path of refused) {
    const { status, error } = await alice.get(path);
    if (status !== 400 || error.code !== "VALIDATION_ERROR") passed.push([path, status]);
  }
  assertEquals(passed, []);

  const larger = await alice.get(`/contacts?search=Row&limit=3&fields=id&after=${cursor}`);
  assertEquals([larger.status, larger.data.length], [200, 3], "another limit and other fields are fine");
});

Deno.test("alice's cursor shows bob only his own rows", async () => {
  const { alice, bob } = await world();
  for (const person of [alice, bob]) {
    await fill(person, "/contacts", 9, "timestamptz '2026-01-01Z' + n * interval '1 s'");
  }
  const { next_cursor } = (await alice.get("/contacts?limit=4")).body.pagination;

  for (const way of ["after", "before"]) {
    const { status, data } = await bob.get(`/contacts?limit=4&${way}=${next_cursor}`);
    assertEquals([status, data.length > 0], [200, true]);
    assertEquals([...new Set(data.map((row: Json) => row.company_id))], [bob.companyId], way);
  }
});
